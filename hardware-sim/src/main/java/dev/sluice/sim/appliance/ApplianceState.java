package dev.sluice.sim.appliance;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What an appliance remembers when the process that simulates it ends.
 *
 * @param power a transition that was under way begins anew
 * @param restartAfterOff whether a shutdown under way is followed by a boot
 * @param boots how often it has booted
 */
public record ApplianceState(
        PowerState power,
        boolean restartAfterOff,
        Firmware firmware,
        BootOutcome lastBoot,
        long boots,
        BootOverride bootOverride,
        Duration clockOffset,
        Ntp ntp,
        List<EthernetInterface> interfaces,
        ActiveFaults faults) {

    public ApplianceState {
        interfaces = List.copyOf(interfaces);
    }

    /** A new appliance's: running the image that it was delivered with. */
    public static ApplianceState factory(ApplianceSpec spec, BaseImage image) {
        SplittableRandom random = new SplittableRandom(spec.seed());
        return new ApplianceState(
                PowerState.ON,
                false,
                Firmware.factory(image),
                BootOutcome.BOOTED,
                1,
                BootOverride.NONE,
                spec.clockOffset(),
                new Ntp(false, List.of()),
                List.of(
                        new EthernetInterface("nic1", false, mac(random), true, List.of()),
                        new EthernetInterface("bmc1", true, mac(random), true, List.of())),
                ActiveFaults.NONE);
    }

    ApplianceState withPower(PowerState state, boolean restart) {
        return new ApplianceState(
                state,
                restart,
                firmware,
                lastBoot,
                boots,
                bootOverride,
                clockOffset,
                ntp,
                interfaces,
                faults);
    }

    ApplianceState withFirmware(Firmware changed) {
        return new ApplianceState(
                power,
                restartAfterOff,
                changed,
                lastBoot,
                boots,
                bootOverride,
                clockOffset,
                ntp,
                interfaces,
                faults);
    }

    ApplianceState withBoot(BootOutcome outcome) {
        BootOverride left =
                bootOverride.enabled() == BootOverride.Enabled.ONCE
                        ? BootOverride.NONE
                        : bootOverride;
        return new ApplianceState(
                PowerState.ON,
                false,
                firmware,
                outcome,
                boots + 1,
                left,
                clockOffset,
                ntp,
                interfaces,
                faults);
    }

    ApplianceState withBootOverride(BootOverride changed) {
        return new ApplianceState(
                power,
                restartAfterOff,
                firmware,
                lastBoot,
                boots,
                changed,
                clockOffset,
                ntp,
                interfaces,
                faults);
    }

    ApplianceState withClock(Duration offset, Ntp changed) {
        return new ApplianceState(
                power,
                restartAfterOff,
                firmware,
                lastBoot,
                boots,
                bootOverride,
                offset,
                changed,
                interfaces,
                faults);
    }

    ApplianceState withInterface(EthernetInterface changed) {
        List<EthernetInterface> replaced =
                interfaces.stream()
                        .map(each -> each.id().equals(changed.id()) ? changed : each)
                        .toList();
        return new ApplianceState(
                power,
                restartAfterOff,
                firmware,
                lastBoot,
                boots,
                bootOverride,
                clockOffset,
                ntp,
                replaced,
                faults);
    }

    ApplianceState withFaults(ActiveFaults changed) {
        return new ApplianceState(
                power,
                restartAfterOff,
                firmware,
                lastBoot,
                boots,
                bootOverride,
                clockOffset,
                ntp,
                interfaces,
                changed);
    }

    /** A locally administered unicast address. */
    private static String mac(SplittableRandom random) {
        StringBuilder text = new StringBuilder("02");
        for (int octet = 1; octet < 6; octet++) {
            int value = random.nextInt(256);
            text.append(':')
                    .append(Character.forDigit(value >> 4, 16))
                    .append(Character.forDigit(value & 15, 16));
        }
        return text.toString();
    }
}
