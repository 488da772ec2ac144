package dev.sluice.agent.session;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Register;
import dev.sluice.agent.ledger.Register.Member;
import dev.sluice.agent.witness.Answer;
import dev.sluice.agent.witness.Question;
import dev.sluice.v1.Replica;
import dev.sluice.v1.WitnessMember;
import dev.sluice.v1.WitnessRegister;
import dev.sluice.v1.WitnessReply;
import dev.sluice.v1.WitnessRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The witness's questions and answers on the wire. What no master could read again is unusable
 * already here: once kept, it would come back in every answer, and end the sessions of masters that
 * did nothing wrong.
 */
public final class WitnessMessages {

    /** The most members that a set of a register may have; a cluster uses 3 or 5. */
    public static final int MAX_MEMBERS = 16;

    private static final Pattern NODE_ID =
            Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");
    private static final Pattern STORE_ID = Pattern.compile("[0-9a-z-]{1,64}");
    private static final int MAX_SHOWN_CHARS = 80;

    private WitnessMessages() {}

    /** A message that cannot be used; the text says what was expected and found. */
    private static final class UnusableException extends Exception {
        private static final long serialVersionUID = 1L;

        UnusableException(String message) {
            super(message);
        }
    }

    public static Question fromWire(WitnessRequest request) {
        try {
            return switch (request.getRequestCase()) {
                case PRE_VOTE -> new Question.PreVote(ballot(request.getPreVote().getBallot()));
                case PREPARE -> new Question.Prepare(ballot(request.getPrepare().getBallot()));
                case ACCEPT -> new Question.Accept(register(request.getAccept().getRegister()));
                case ALIVE -> new Question.Alive(ballot(request.getAlive().getBallot()));
                case REQUEST_NOT_SET ->
                        new Question.Unusable(
                                "this agent does not know the question; upgrade the agent");
            };
        } catch (UnusableException e) {
            return new Question.Unusable(String.valueOf(e.getMessage()));
        }
    }

    public static WitnessReply.Builder toWire(long requestId, Answer answer) {
        WitnessReply.Builder reply =
                WitnessReply.newBuilder()
                        .setRequestId(requestId)
                        .setStoreId(answer.store())
                        .setGranted(answer.granted())
                        .setReason(answer.reason());
        answer.promised().ifPresent(promised -> reply.setPromised(Ballots.toWire(promised)));
        answer.register().ifPresent(register -> reply.setRegister(toWire(register)));
        return reply;
    }

    private static Ballot ballot(dev.sluice.v1.Ballot wire) throws UnusableException {
        if (wire.getGeneration() < 0 || wire.getCounter() < 0) {
            throw new UnusableException(
                    "ballot generation %s, counter %s: expected less than 2^31 and 2^63"
                            .formatted(
                                    Integer.toUnsignedString(wire.getGeneration()),
                                    Long.toUnsignedString(wire.getCounter())));
        }
        id("ballot: master", NODE_ID, wire.getMasterId());
        return Ballots.fromWire(wire);
    }

    private static Register register(WitnessRegister wire) throws UnusableException {
        Register.WitnessSet witnesses = witnesses("witnesses", wire.getWitnesses());
        Optional<Register.WitnessSet> leaving =
                wire.hasLeaving()
                        ? Optional.of(witnesses("leaving", wire.getLeaving()))
                        : Optional.empty();
        return new Register(
                ballot(wire.getBallot()),
                number("register: sequence", wire.getSequence()),
                members(
                        "in_sync",
                        wire.getInSyncList(),
                        replica -> new Member(replica.getMasterId(), replica.getStoreId())),
                witnesses,
                leaving);
    }

    private static Register.WitnessSet witnesses(String field, dev.sluice.v1.WitnessSet wire)
            throws UnusableException {
        return new Register.WitnessSet(
                number(field + ": version", wire.getVersion()),
                members(
                        field,
                        wire.getMembersList(),
                        member -> new Member(member.getNodeId(), member.getStoreId())));
    }

    private static <W> List<Member> members(String field, List<W> wire, Function<W, Member> read)
            throws UnusableException {
        if (wire.isEmpty() || wire.size() > MAX_MEMBERS) {
            throw new UnusableException(
                    "register: %s: expected 1 to %d members, found %d"
                            .formatted(field, MAX_MEMBERS, wire.size()));
        }
        List<Member> members = wire.stream().map(read).toList();
        for (Member member : members) {
            id("register: %s: member".formatted(field), NODE_ID, member.id());
            id("register: %s: store id".formatted(field), STORE_ID, member.store());
        }
        if (new HashSet<>(members).size() < members.size()) {
            throw new UnusableException(
                    "register: %s: expected each member once, found %s".formatted(field, members));
        }
        return members;
    }

    private static long number(String field, long unsigned) throws UnusableException {
        if (unsigned < 0) {
            throw new UnusableException(
                    "%s: expected less than 2^63, found %s"
                            .formatted(field, Long.toUnsignedString(unsigned)));
        }
        return unsigned;
    }

    private static void id(String what, Pattern form, String value) throws UnusableException {
        if (!form.matcher(value).matches()) {
            throw new UnusableException(
                    "%s: expected %s, found '%s'"
                            .formatted(
                                    what,
                                    form,
                                    value.substring(0, Math.min(MAX_SHOWN_CHARS, value.length()))));
        }
    }

    private static WitnessRegister.Builder toWire(Register register) {
        WitnessRegister.Builder wire =
                WitnessRegister.newBuilder()
                        .setBallot(Ballots.toWire(register.ballot()))
                        .setSequence(register.sequence())
                        .setWitnesses(toWire(register.witnesses()));
        for (Member replica : register.inSync()) {
            wire.addInSync(
                    Replica.newBuilder().setMasterId(replica.id()).setStoreId(replica.store()));
        }
        register.leaving().ifPresent(leaving -> wire.setLeaving(toWire(leaving)));
        return wire;
    }

    private static dev.sluice.v1.WitnessSet.Builder toWire(Register.WitnessSet set) {
        dev.sluice.v1.WitnessSet.Builder wire =
                dev.sluice.v1.WitnessSet.newBuilder().setVersion(set.version());
        for (Member member : set.members()) {
            wire.addMembers(
                    WitnessMember.newBuilder().setNodeId(member.id()).setStoreId(member.store()));
        }
        return wire;
    }
}
