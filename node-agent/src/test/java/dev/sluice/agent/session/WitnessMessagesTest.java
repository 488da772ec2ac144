package dev.sluice.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Register;
import dev.sluice.agent.ledger.Register.Member;
import dev.sluice.agent.ledger.Register.WitnessSet;
import dev.sluice.agent.witness.Answer;
import dev.sluice.agent.witness.Question;
import dev.sluice.v1.Accept;
import dev.sluice.v1.PreVote;
import dev.sluice.v1.Prepare;
import dev.sluice.v1.PrimaryAlive;
import dev.sluice.v1.Replica;
import dev.sluice.v1.WitnessMember;
import dev.sluice.v1.WitnessRegister;
import dev.sluice.v1.WitnessReply;
import dev.sluice.v1.WitnessRequest;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class WitnessMessagesTest {

    private static final Ballot BALLOT = new Ballot(1, 3, "m-a", -9);
    private static final Register REGISTER =
            new Register(
                    BALLOT,
                    4,
                    List.of(new Member("m-b", "j-2"), new Member("m-a", "j-1")),
                    new WitnessSet(2, List.of(new Member("eu-1", "5eed"))),
                    Optional.of(new WitnessSet(1, List.of(new Member("eu-2", "a-b")))));

    private static WitnessRegister.Builder wire() {
        return WitnessRegister.newBuilder()
                .setBallot(Ballots.toWire(BALLOT))
                .setSequence(4)
                .addInSync(replica("m-a", "j-1"))
                .addInSync(replica("m-b", "j-2"))
                .setWitnesses(set(2, member("eu-1", "5eed")))
                .setLeaving(set(1, member("eu-2", "a-b")));
    }

    private static Replica.Builder replica(String master, String store) {
        return Replica.newBuilder().setMasterId(master).setStoreId(store);
    }

    private static WitnessMember.Builder member(String node, String store) {
        return WitnessMember.newBuilder().setNodeId(node).setStoreId(store);
    }

    private static dev.sluice.v1.WitnessSet.Builder set(
            long version, WitnessMember.Builder... members) {
        dev.sluice.v1.WitnessSet.Builder set =
                dev.sluice.v1.WitnessSet.newBuilder().setVersion(version);
        for (WitnessMember.Builder member : members) {
            set.addMembers(member);
        }
        return set;
    }

    private static Question accept(WitnessRegister.Builder register) {
        return WitnessMessages.fromWire(
                WitnessRequest.newBuilder()
                        .setAccept(Accept.newBuilder().setRegister(register))
                        .build());
    }

    private static Question prepare(dev.sluice.v1.Ballot.Builder ballot) {
        return WitnessMessages.fromWire(
                WitnessRequest.newBuilder()
                        .setPrepare(Prepare.newBuilder().setBallot(ballot))
                        .build());
    }

    private static void assertUnusable(Question question, String reason) {
        assertThat(question)
                .isInstanceOfSatisfying(
                        Question.Unusable.class,
                        unusable -> assertThat(unusable.reason()).contains(reason));
    }

    @Test
    void everyQuestionIsReadWithAllItSays() {
        dev.sluice.v1.Ballot ballot = Ballots.toWire(BALLOT);

        assertThat(
                        WitnessMessages.fromWire(
                                WitnessRequest.newBuilder()
                                        .setPreVote(PreVote.newBuilder().setBallot(ballot))
                                        .build()))
                .isEqualTo(new Question.PreVote(BALLOT));
        assertThat(prepare(ballot.toBuilder())).isEqualTo(new Question.Prepare(BALLOT));
        assertThat(accept(wire())).isEqualTo(new Question.Accept(REGISTER));
        assertThat(
                        WitnessMessages.fromWire(
                                WitnessRequest.newBuilder()
                                        .setAlive(PrimaryAlive.newBuilder().setBallot(ballot))
                                        .build()))
                .isEqualTo(new Question.Alive(BALLOT));
    }

    @Test
    void anAnswerSaysAllThatIsKnownAndLeavesOutWhatIsNot() {
        WitnessReply full =
                WitnessMessages.toWire(
                                7,
                                new Answer(
                                        "5eed",
                                        true,
                                        "",
                                        Optional.of(BALLOT),
                                        Optional.of(REGISTER)))
                        .build();
        WitnessReply empty =
                WitnessMessages.toWire(
                                8,
                                new Answer("5eed", false, "no", Optional.empty(), Optional.empty()))
                        .build();

        assertThat(full)
                .isEqualTo(
                        WitnessReply.newBuilder()
                                .setRequestId(7)
                                .setStoreId("5eed")
                                .setGranted(true)
                                .setPromised(Ballots.toWire(BALLOT))
                                .setRegister(wire())
                                .build());
        assertThat(empty)
                .isEqualTo(
                        WitnessReply.newBuilder()
                                .setRequestId(8)
                                .setStoreId("5eed")
                                .setReason("no")
                                .build());
    }

    @Test
    @Tag("REL-3")
    void aQuestionOfALaterReleaseIsUnusable() {
        assertUnusable(
                WitnessMessages.fromWire(WitnessRequest.newBuilder().setRequestId(3).build()),
                "does not know the question");
    }

    @Test
    @Tag("REL-3")
    void aBallotThatNoMasterCouldHaveIsUnusable() {
        dev.sluice.v1.Ballot.Builder good = Ballots.toWire(BALLOT).toBuilder();

        assertUnusable(prepare(good.clone().clearMasterId()), "ballot: master: expected");
        assertUnusable(prepare(good.clone().setMasterId("m".repeat(64))), "ballot: master");
        assertUnusable(prepare(good.clone().setMasterId("a b")), "found 'a b'");
        assertUnusable(prepare(good.clone().setGeneration(-1)), "generation 4294967295");
        assertUnusable(prepare(good.clone().setCounter(-1)), "counter 18446744073709551615");
        assertThat(prepare(good.clone().setMasterId("m".repeat(63))))
                .isInstanceOf(Question.Prepare.class);
    }

    @Test
    @Tag("REL-3")
    void aRegisterThatNoMasterCouldReadAgainIsUnusable() {
        assertUnusable(accept(wire().clearBallot()), "ballot: master");
        assertUnusable(accept(wire().setSequence(-1)), "register: sequence: expected");
        assertUnusable(accept(wire().clearInSync()), "in_sync: expected 1 to 16 members, found 0");
        assertUnusable(accept(wire().clearWitnesses()), "witnesses: expected 1 to 16 members");
        assertUnusable(accept(wire().setLeaving(set(1))), "leaving: expected 1 to 16 members");
        assertUnusable(accept(wire().setLeaving(set(-1, member("a", "b")))), "leaving: version");
        assertUnusable(accept(wire().addInSync(replica("m-a", "j-1"))), "each member once");
        assertUnusable(accept(wire().addInSync(replica("m-a", ""))), "in_sync: store id");
        assertUnusable(accept(wire().addInSync(replica("m-a", "UP"))), "found 'UP'");
        assertUnusable(accept(wire().addInSync(replica("m-a", "s".repeat(65)))), "store id");
        assertUnusable(accept(wire().addInSync(replica("x".repeat(64), "s"))), "in_sync: member");
        assertThat(accept(wire().addInSync(replica("x".repeat(63), "s".repeat(64)))))
                .isInstanceOf(Question.Accept.class);
    }

    @Test
    @Tag("REL-3")
    void aSetOfMoreMembersThanAClusterHasIsUnusable() {
        WitnessMember.Builder[] crowd = new WitnessMember.Builder[WitnessMessages.MAX_MEMBERS + 1];
        for (int i = 0; i < crowd.length; i++) {
            crowd[i] = member("n" + i, "s");
        }

        assertUnusable(accept(wire().setWitnesses(set(1, crowd))), "found 17");
        assertUnusable(accept(wire().setLeaving(set(1, crowd))), "found 17");
    }
}
