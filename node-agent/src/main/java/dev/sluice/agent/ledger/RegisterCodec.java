package dev.sluice.agent.ledger;

import dev.sluice.agent.ledger.Register.Member;
import dev.sluice.agent.ledger.Register.WitnessSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Ballots and registers as members of the ledger's records. */
final class RegisterCodec {

    private RegisterCodec() {}

    static void put(ObjectNode json, Ballot ballot) {
        json.put("generation", ballot.generation())
                .put("counter", ballot.counter())
                .put("master", ballot.master())
                .put("incarnation", ballot.incarnation());
    }

    static Ballot ballot(JsonNode json) {
        return new Ballot(
                json.required("generation").intValue(),
                json.required("counter").longValue(),
                json.required("master").stringValue(),
                json.required("incarnation").longValue());
    }

    static void put(ObjectNode json, Register register) {
        put(json.putObject("ballot"), register.ballot());
        json.put("sequence", register.sequence());
        put(json.putArray("inSync"), register.inSync());
        put(json.putObject("witnesses"), register.witnesses());
        register.leaving().ifPresent(leaving -> put(json.putObject("leaving"), leaving));
    }

    static Register register(JsonNode json) {
        return new Register(
                ballot(json.required("ballot")),
                json.required("sequence").longValue(),
                members(json.required("inSync")),
                witnesses(json.required("witnesses")),
                json.has("leaving")
                        ? Optional.of(witnesses(json.required("leaving")))
                        : Optional.empty());
    }

    private static void put(ObjectNode json, WitnessSet set) {
        json.put("version", set.version());
        put(json.putArray("members"), set.members());
    }

    private static WitnessSet witnesses(JsonNode json) {
        return new WitnessSet(
                json.required("version").longValue(), members(json.required("members")));
    }

    private static void put(ArrayNode json, List<Member> members) {
        for (Member member : members) {
            json.addObject().put("id", member.id()).put("store", member.store());
        }
    }

    private static List<Member> members(JsonNode json) {
        List<Member> members = new ArrayList<>();
        for (JsonNode member : json) {
            members.add(
                    new Member(
                            member.required("id").stringValue(),
                            member.required("store").stringValue()));
        }
        return members;
    }
}
