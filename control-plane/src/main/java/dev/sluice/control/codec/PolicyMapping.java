package dev.sluice.control.codec;

import dev.sluice.control.model.Policy;
import dev.sluice.v1.JournalPolicy;
import java.util.Optional;

/** The upgrade policy, both ways. */
final class PolicyMapping {

    private PolicyMapping() {}

    static JournalPolicy encode(Policy policy) {
        JournalPolicy.Builder message =
                JournalPolicy.newBuilder()
                        .setWaves(policy.waves())
                        .setCanaries(policy.canaries())
                        .setMinAcceptingShare(policy.minAcceptingShare())
                        .setFailureBudgetPerRegion(policy.failureBudget().perRegion())
                        .setFailureBudgetTotal(policy.failureBudget().total())
                        .setSingleNodeRegion(encode(policy.singleNodeRegion()))
                        .setDrainDeadline(ValueMapping.encode(policy.drain().deadline()))
                        .setDrainOnDeadline(encode(policy.drain().onDeadline()))
                        .setSoak(ValueMapping.encode(policy.soak()))
                        .setVerifySession(policy.verify().session())
                        .setVerifyConfirm(encode(policy.verify().confirm()));
        policy.verify().script().ifPresent(message::setVerifyScript);
        return message.build();
    }

    static Policy decode(JournalPolicy message) {
        JournalFormat.known(message);
        JournalFormat.require(message.hasDrainDeadline(), "policy's drain deadline");
        JournalFormat.require(message.hasSoak(), "policy's soak");
        return new Policy(
                message.getWaves(),
                message.getCanaries(),
                message.getMinAcceptingShare(),
                new Policy.FailureBudget(
                        message.getFailureBudgetPerRegion(), message.getFailureBudgetTotal()),
                decode(message.getSingleNodeRegion()),
                new Policy.DrainPolicy(
                        ValueMapping.decode(message.getDrainDeadline()),
                        decode(message.getDrainOnDeadline())),
                ValueMapping.decode(message.getSoak()),
                new Policy.VerifyPolicy(
                        message.getVerifySession(),
                        decode(message.getVerifyConfirm()),
                        message.hasVerifyScript()
                                ? Optional.of(message.getVerifyScript())
                                : Optional.empty()));
    }

    private static JournalPolicy.SingleNodeRegion encode(Policy.SingleNodeRegion choice) {
        return switch (choice) {
            case REFUSE -> JournalPolicy.SingleNodeRegion.SINGLE_NODE_REGION_REFUSE;
            case INTERRUPT -> JournalPolicy.SingleNodeRegion.SINGLE_NODE_REGION_INTERRUPT;
        };
    }

    private static Policy.SingleNodeRegion decode(JournalPolicy.SingleNodeRegion choice) {
        return switch (choice) {
            case SINGLE_NODE_REGION_REFUSE -> Policy.SingleNodeRegion.REFUSE;
            case SINGLE_NODE_REGION_INTERRUPT -> Policy.SingleNodeRegion.INTERRUPT;
            case SINGLE_NODE_REGION_UNSPECIFIED ->
                    throw JournalFormat.missing("policy on regions of one node");
            case UNRECOGNIZED ->
                    throw JournalFormat.unknownValue("the policy on regions of one node");
        };
    }

    private static JournalPolicy.OnDeadline encode(Policy.OnDeadline choice) {
        return switch (choice) {
            case HOLD -> JournalPolicy.OnDeadline.ON_DEADLINE_HOLD;
            case WAIT -> JournalPolicy.OnDeadline.ON_DEADLINE_WAIT;
            case CUT -> JournalPolicy.OnDeadline.ON_DEADLINE_CUT;
        };
    }

    private static Policy.OnDeadline decode(JournalPolicy.OnDeadline choice) {
        return switch (choice) {
            case ON_DEADLINE_HOLD -> Policy.OnDeadline.HOLD;
            case ON_DEADLINE_WAIT -> Policy.OnDeadline.WAIT;
            case ON_DEADLINE_CUT -> Policy.OnDeadline.CUT;
            case ON_DEADLINE_UNSPECIFIED -> throw JournalFormat.missing("policy on deadlines");
            case UNRECOGNIZED -> throw JournalFormat.unknownValue("the policy on deadlines");
        };
    }

    private static JournalPolicy.Confirm encode(Policy.Confirm choice) {
        return switch (choice) {
            case NONE -> JournalPolicy.Confirm.CONFIRM_NONE;
            case MASTERS -> JournalPolicy.Confirm.CONFIRM_MASTERS;
            case ALL -> JournalPolicy.Confirm.CONFIRM_ALL;
        };
    }

    private static Policy.Confirm decode(JournalPolicy.Confirm choice) {
        return switch (choice) {
            case CONFIRM_NONE -> Policy.Confirm.NONE;
            case CONFIRM_MASTERS -> Policy.Confirm.MASTERS;
            case CONFIRM_ALL -> Policy.Confirm.ALL;
            case CONFIRM_UNSPECIFIED -> throw JournalFormat.missing("policy on confirmations");
            case UNRECOGNIZED -> throw JournalFormat.unknownValue("the policy on confirmations");
        };
    }
}
