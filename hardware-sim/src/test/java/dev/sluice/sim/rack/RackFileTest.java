package dev.sluice.sim.rack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.sim.appliance.ApplianceSpec;
import dev.sluice.sim.appliance.Fault;
import dev.sluice.sim.appliance.Slot;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class RackFileTest {

    @Test
    void readsEveryKeyOfAnAppliance() throws Exception {
        Rack rack =
                RackFile.parse(
                        "rack.yaml",
                        """
                        appliances:
                          - id: eu-1
                            port: 8443
                            model: sx-200
                            serial: S-1
                            base: 6.2.0
                            boot: PT2S
                            shutdown: PT1S
                            update: PT3S
                            clockOffset: -PT90S
                            seed: 42
                            faults:
                              - {kind: FaultySlot, slot: B}
                              - {kind: BootFails, boots: 2}
                              - {kind: UpdateFails, percent: 40}
                              - {kind: SlowUpdate, duration: PT1M}
                              - {kind: OverTemperature, celsius: 99}
                              - {kind: Unresponsive, duration: PT5S}
                        """);

        assertThat(rack.places())
                .containsExactly(
                        new Rack.Place(
                                new ApplianceSpec(
                                        "eu-1",
                                        "sx-200",
                                        "S-1",
                                        "6.2.0",
                                        Duration.ofSeconds(2),
                                        Duration.ofSeconds(1),
                                        Duration.ofSeconds(3),
                                        Duration.ofSeconds(-90),
                                        42,
                                        List.of(
                                                new Fault.FaultySlot(Slot.B),
                                                new Fault.BootFails(2),
                                                new Fault.UpdateFails(40),
                                                new Fault.SlowUpdate(Duration.ofMinutes(1)),
                                                new Fault.OverTemperature(99),
                                                new Fault.Unresponsive(Duration.ofSeconds(5)))),
                                8443));
    }

    @Test
    void readsJsonAndFillsInDefaults() throws Exception {
        Rack rack =
                RackFile.parse(
                        "rack.json", "{\"appliances\": [{\"id\": \"a\", \"base\": \"6.2.0\"}]}");
        ApplianceSpec spec = rack.places().getFirst().appliance();
        assertThat(rack.places().getFirst().port()).isZero();
        assertThat(spec).isEqualTo(ApplianceSpec.of("a", "6.2.0", "a".hashCode()));
    }

    @Test
    @Tag("REL-3")
    void namesLineKeyExpectedAndFound() {
        assertInvalid("", "is empty; expected 'appliances:'");
        assertInvalid(
                "appliances: []",
                "line 1: appliances: expected at least one appliance, found none");
        assertInvalid("appliances: {a: 1}", "line 1: appliances: expected a list, found a mapping");
        assertInvalid("- a", "line 1: expected a mapping, found a list");
        assertInvalid(
                "applianses: []", "line 1: applianses: unknown key; did you mean 'appliances'?");
        assertInvalid("appliances:\n  - [", "not YAML");
        assertInvalid(
                "appliances:\n  - id: a\n    base: 6.2.0\n    bot: PT1S\n",
                "line 4: appliances[0].bot: unknown key; did you mean 'boot'?");
        assertInvalid(
                "appliances:\n  - id: a\n",
                "line 2: appliances[0].base: missing; expected a version");
        assertInvalid(
                "appliances:\n  - {id: a, base: 6.2}\n",
                "line 2: appliances[0].base: expected a version such as 6.2.0 (quote one that YAML takes for a number),"
                        + " found float '6.2'");
        assertInvalid(
                "appliances:\n  - {id: a, base: 6.2.0, port: \"80\"}\n",
                "appliances[0].port: expected an integer of 0 to 65535, found text '80'");
        assertInvalid("appliances:\n  - {id: a, base: 6.2.0, port: 70000}\n", "found int '70000'");
        assertInvalid(
                "appliances:\n  - {id: ../a, base: 6.2.0}\n",
                "appliances[0].id: expected 1 to 63 of");
        assertInvalid(
                "appliances:\n  - {id: a, base: 6.2.0, boot: 2s}\n",
                "appliances[0].boot: expected a duration of PT0S to PT1H such as PT1.5S, found text '2s'");
        assertInvalid("appliances:\n  - {id: a, base: 6.2.0, boot: PT2H}\n", "found text 'PT2H'");
        assertInvalid(
                "appliances:\n  - {id: a, id: b, base: 6.2.0}\n", "appliances[0].id: given twice");
        assertInvalid(
                "appliances:\n  - {id: a, base: 1.0.0}\n  - {id: a, base: 1.0.0}\n",
                "line 3: appliances[1].id: 'a' is used twice");
        assertInvalid(
                "appliances:\n  - {id: a, base: 1.0.0, port: 81}\n  - {id: b, base: 1.0.0, port: 81}\n",
                "line 3: appliances[1].port: 81 is used twice");
        assertInvalid(
                "appliances:\n  - {id: a, base: 1.0.0, faults: [{kind: Explodes}]}\n",
                "appliances[0].faults[0].kind: expected BootFails, FaultySlot,");
        assertInvalid(
                "appliances:\n  - {id: a, base: 1.0.0, faults: [{kind: UpdateFails}]}\n",
                "appliances[0].faults[0].percent: missing");
    }

    private static void assertInvalid(String text, String message) {
        assertThatThrownBy(() -> RackFile.parse("rack.yaml", text))
                .isInstanceOf(InvalidRack.class)
                .hasMessageStartingWith("rack file rack.yaml")
                .hasMessageContaining(message);
    }
}
