package dev.sluice.control.state;

import static dev.sluice.control.state.Ledger.A;
import static dev.sluice.control.state.Ledger.ALICE;
import static dev.sluice.control.state.Ledger.B;
import static dev.sluice.control.state.Ledger.OF_A;
import static dev.sluice.control.state.Ledger.PLAN;
import static dev.sluice.control.state.Ledger.accept;
import static dev.sluice.control.state.Ledger.fixture;
import static dev.sluice.control.state.Ledger.founded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Version;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is refused names its subject, what was expected and what was found. */
class DeciderTest {

    private static Command set(String key, String value) {
        return new Command.ChangeSetting(key, Optional.of(value), false, ALICE);
    }

    @Test
    void decidesNothingBeforeAPrimary() {
        assertThat(new Ledger().rejected(new Command.PauseUpgrade(ALICE)))
                .isEqualTo("cluster: no primary has taken office yet; try again when one has");
    }

    @Test
    @Tag("REL-1")
    void givesOfficeOnlyAboveTheLastBallot() {
        Ledger ledger = founded();

        assertThat(ledger.rejected(new Command.TakeOffice(OF_A, "1.0.0", "")))
                .isEqualTo("ballot 0.1.m-a.7: is not above 0.1.m-a.7, the last that took office");
        assertThat(ledger.rejected(new Command.TakeOffice(new Ballot(0, 0, B, 1), "1.0.0", "")))
                .isEqualTo("ballot 0.0.m-b.1: is not above 0.1.m-a.7, the last that took office");
        ledger.accepted(new Command.DecideHandover(B));
        ledger.accepted(new Command.TakeOffice(new Ballot(0, 2, B, 1), "1.0.0", ""));
        assertThat(ledger.state.office()).isEqualTo(new Office(new Ballot(0, 2, B, 1), null));
    }

    @Test
    void switchesAutomaticFailoverAndNotesByWhom() {
        Ledger ledger = founded();
        Command off = new Command.SwitchAutomaticFailover(false, ALICE);

        assertThat(ledger.state.automaticFailover()).isTrue();
        assertThat(ledger.accepted(new Command.SwitchAutomaticFailover(true, ALICE))).isEmpty();
        assertThat(ledger.accepted(off))
                .containsExactly(new Event.AutomaticFailoverSwitched(false, ALICE));
        assertThat(ledger.state.automaticFailover()).isFalse();
        assertThat(ledger.state.succession().offBy()).isEqualTo(ALICE);
        assertThat(ledger.accepted(off)).isEmpty();
        ledger.accepted(new Command.SwitchAutomaticFailover(true, ALICE));
        assertThat(ledger.state.automaticFailover()).isTrue();
    }

    private static Command takeByForce(int generation, int certified, String nonce) {
        return new Command.TakeOffice(
                new Ballot(generation, 1, B, 5),
                "1.0.0",
                "forced",
                Optional.of(certificate(certified, nonce)));
    }

    private static ForcedPromotion certificate(int generation, String nonce) {
        return new ForcedPromotion(
                generation, B, nonce, ALICE, List.of(B), List.of(A), 3, "none", Optional.empty());
    }

    @Test
    @Tag("REL-1")
    void givesOfficeByForceOnceForEachCertificate() {
        Ledger ledger = founded();

        assertThat(ledger.rejected(takeByForce(1, 2, "n1")))
                .isEqualTo("ballot 1.1.m-b.5: its certificate is for generation 2 of master m-b");
        List<Event> events = ledger.accepted(takeByForce(1, 1, "n1"));
        assertThat(events).hasSize(2);
        assertThat(events.getFirst()).isInstanceOf(Event.PrimaryTookOffice.class);
        assertThat(events.getLast())
                .isInstanceOfSatisfying(
                        Event.ForcedPromotionUsed.class,
                        used -> assertThat(used.promotion().nonce()).isEqualTo("n1"));
        assertThat(ledger.state.office()).isEqualTo(new Office(new Ballot(1, 1, B, 5), null));
        assertThat(ledger.rejected(takeByForce(2, 2, "n1")))
                .isEqualTo("certificate n1: was used already, in generation 1");
        assertThat(ledger.rejected(takeByForce(0, 0, "n0")))
                .isEqualTo("ballot 0.1.m-b.5: is not above 1.1.m-b.5, the last that took office");
    }

    @Test
    void forgetsTheOldestCertificateOnceThereAreAHundred() {
        Succession succession = Succession.EMPTY;
        for (int i = 1; i <= Succession.MAX_CERTIFICATES + 1; i++) {
            succession = succession.used(certificate(i, "n" + i));
        }

        assertThat(succession.usedCertificates()).hasSize(Succession.MAX_CERTIFICATES);
        assertThat(succession.usedIn("n1")).isEmpty();
        assertThat(succession.usedIn("n2")).contains(2);
    }

    private static Command seen(long root, long timestamp, long targets) {
        return new Command.SeeChannel(
                new ChannelVersions("stable", root, timestamp, timestamp, targets));
    }

    @Test
    @Tag("PKG-3")
    void whatWasSeenOfAChannelNeverFallsButUnderANewerRoot() {
        Ledger ledger = founded();

        assertThat(ledger.accepted(seen(1, 5, 4))).hasSize(1);
        assertThat(ledger.accepted(seen(1, 5, 4))).isEmpty();
        assertThat(ledger.rejected(seen(1, 4, 4)))
                .isEqualTo(
                        "channel stable: root 1, timestamp 4, snapshot 4, targets 4 is older than"
                                + " root 1, timestamp 5, snapshot 5, targets 4, which was seen"
                                + " already");
        assertThat(ledger.rejected(seen(1, 6, 3))).startsWith("channel stable: ");
        assertThat(ledger.accepted(seen(2, 0, 4))).hasSize(1);
        assertThat(ledger.rejected(seen(1, 9, 9))).startsWith("channel stable: ");
        assertThat(ledger.state.supply().channel("stable"))
                .contains(new ChannelVersions("stable", 2, 0, 0, 4));
    }

    private static ChannelCopy copy(long timestamp, int content) {
        return new ChannelCopy(
                new ChannelVersions("stable", 1, timestamp, timestamp, 4),
                new TreeMap<>(Map.of("timestamp.json", Blob.of(new byte[] {(byte) content}))));
    }

    @Test
    @Tag("PKG-3")
    void onlyTheFilesOfWhatWasSeenLastAreKept() {
        Ledger ledger = founded();
        assertThat(ledger.rejected(new Command.CopyChannel(copy(5, 1))))
                .isEqualTo(
                        "channel stable: the copy has root 1, timestamp 5, snapshot 5, targets 4, and"
                                + " what was seen is nothing");
        ledger.accepted(seen(1, 5, 4));

        assertThat(ledger.accepted(new Command.CopyChannel(copy(5, 1)))).hasSize(1);
        assertThat(ledger.accepted(new Command.CopyChannel(copy(5, 1)))).isEmpty();
        assertThat(ledger.rejected(new Command.CopyChannel(copy(4, 1)))).startsWith("channel");
        ledger.accepted(seen(1, 6, 4));
        assertThat(ledger.accepted(new Command.CopyChannel(copy(6, 2)))).hasSize(1);
        assertThat(ledger.state.supply().copy("stable")).contains(copy(6, 2));
    }

    @Test
    void aCopyIsBounded() {
        assertThatThrownBy(() ->
                        new ChannelCopy(
                                new ChannelVersions("stable", 1, 1, 1, 1),
                                new TreeMap<>(
                                        Map.of(
                                                "timestamp.json",
                                                Blob.of(new byte[ChannelCopy.MAX_BYTES + 1])))))
                .hasMessageContaining("1 files of 2097153 bytes, 1 to 1003 of at most 2097152");
        assertThatThrownBy(() ->
                        new ChannelCopy(
                                new ChannelVersions("stable", 1, 1, 1, 1),
                                new TreeMap<>(Map.of("x".repeat(65), Blob.of(new byte[1])))))
                .hasMessageContaining("a file's name has 65 characters");
    }

    @Test
    void handsOverOnlyToAnotherMasterOfTheCluster() {
        Ledger ledger = founded();

        assertThat(ledger.rejected(new Command.DecideHandover(A)))
                .isEqualTo("master m-a: is the primary already");
        assertThat(ledger.rejected(new Command.DecideHandover(new NodeId("eu-1"))))
                .isEqualTo("master eu-1: is no master of this cluster");
    }

    @Test
    void foundsAClusterOnce() {
        assertThat(
                        founded()
                                .rejected(
                                        new Command.FoundCluster(
                                                fixture().input().topology(), Policy.DEFAULT)))
                .isEqualTo("cluster: is founded already, as test");
    }

    @Test
    @Tag("PKG-3")
    void keepsTheFirstContentOfAPackageVersion() {
        Ledger ledger = founded();

        assertThat(ledger.accepted(new Command.ImportPackage(Ledger.base("aa"), ALICE))).isEmpty();
        assertThat(ledger.rejected(new Command.ImportPackage(Ledger.base("bb"), ALICE)))
                .isEqualTo(
                        "package base 7.0.0: is known with content aa, this file has bb; a changed package needs a new version");
    }

    @Test
    @Tag("REL-3")
    void refusesSettingsThatDoNotExistOrCanNotBe() {
        Ledger ledger = founded();

        assertThat(ledger.rejected(set("polcy.waves", "3")))
                .startsWith("setting polcy.waves: there is none of this name; expected site.<name>")
                .contains("policy.waves");
        assertThat(ledger.rejected(set("policy.waves", "0")))
                .isEqualTo(
                        "setting policy.waves: \"0\" is not a value of it: policy.waves: expected 1 to 100, found 0");
        assertThat(ledger.rejected(set("policy.minAcceptingShare", "NaN")))
                .endsWith("policy.minAcceptingShare: expected 0 to 1, found NaN");
        assertThat(ledger.rejected(set("policy.drain.onDeadline", "ask")))
                .isEqualTo(
                        "setting policy.drain.onDeadline: \"ask\" is not a value of it: expected hold, wait or cut");
        assertThat(ledger.rejected(set("policy.drain.deadline", "soon")))
                .startsWith("setting policy.drain.deadline: \"soon\" is not a value of it: ");
        assertThat(ledger.rejected(set("distribution.maxBytesPerSecond", "-1")))
                .isEqualTo(
                        "setting distribution.maxBytesPerSecond: \"-1\" is not a value of it: expected bytes per second as 1 to 12 digits, 0 for no limit");
        assertThat(ledger.rejected(set("site.banner", "x".repeat(1025))))
                .isEqualTo("setting site.banner: expected at most 1024 characters, found 1025");
        assertThat(ledger.state.configuration()).isEqualTo(Configuration.EMPTY);
    }

    @Test
    void putsSettingsOverTheFoundingPolicyUntilTheyAreRemoved() {
        Ledger ledger = founded();
        ledger.accepted(set("policy.drain.onDeadline", "Cut"));
        ledger.accepted(set("policy.failureBudget.total", "5"));

        assertThat(ledger.state.policy().drain().onDeadline()).isEqualTo(Policy.OnDeadline.CUT);
        assertThat(ledger.state.policy().failureBudget()).isEqualTo(new Policy.FailureBudget(1, 5));
        assertThat(ledger.accepted(set("policy.failureBudget.total", "5"))).isEmpty();

        ledger.accepted(
                new Command.ChangeSetting(
                        "policy.failureBudget.total", Optional.empty(), false, ALICE));
        assertThat(ledger.state.policy().failureBudget()).isEqualTo(new Policy.FailureBudget(1, 2));
        assertThat(ledger.state.configuration().revision()).isEqualTo(3);
    }

    @Test
    @Tag("PKG-4")
    void aNumberOfNodesThatCannotBeMeantIsRefused() {
        Ledger ledger = founded();

        for (String wrong : List.of("0", "-1", "many", "1000000")) {
            assertThat(ledger.rejected(set("distribution.treesFrom", wrong)))
                    .contains(
                            "\"%s\" is not a value of it: expected nodes, 1 to 999999"
                                    .formatted(wrong));
        }
        assertThat(Settings.treesFrom(ledger.state.configuration().settings())).isEqualTo(100);
        ledger.accepted(set("distribution.treesFrom", "64"));
        assertThat(Settings.treesFrom(ledger.state.configuration().settings())).isEqualTo(64);
    }

    @Test
    @Tag("PKG-4")
    void aWindowThatCannotBeMeantIsRefused() {
        Ledger ledger = founded();

        assertThat(ledger.rejected(set("distribution.window", "late")))
                .contains("\"late\" is not a value of it: expected HH:MM-HH:MM");
        assertThat(ledger.rejected(set("distribution.windowForUpgrades", "yes")))
                .contains("expected true or false");
        ledger.accepted(set("distribution.window", "22:00-06:00 Europe/Berlin"));
        ledger.accepted(set("distribution.windowForUpgrades", "true"));
        assertThat(Settings.windowForUpgrades(ledger.state.configuration().settings())).isPresent();
    }

    @Test
    @Tag("PKG-4")
    void distributesOnlyWhatWasImportedAndSaysSoOnce() {
        Ledger ledger = founded();
        PackageRef base = Ledger.base("aa").ref();
        PackageRef unknown = new PackageRef(base.name(), Version.parse("99.0.0"));

        assertThat(ledger.rejected(new Command.ChooseDistribution(unknown, true, ALICE)))
                .contains("expected one that was imported", "import it first");

        ledger.accepted(new Command.ImportPackage(Ledger.base("aa"), ALICE));
        ledger.accepted(new Command.ChooseDistribution(base, true, ALICE));
        assertThat(ledger.state.choices().distributed()).containsExactly(base);
        assertThat(ledger.accepted(new Command.ChooseDistribution(base, true, ALICE))).isEmpty();

        ledger.accepted(new Command.ChooseDistribution(base, false, ALICE));
        assertThat(ledger.state.choices().distributed()).isEmpty();
    }

    @Test
    void takesOnlyTrafficNodesOutOfService() {
        Ledger ledger = founded();

        assertThat(ledger.rejected(new Command.ChooseNodeAdmission(A, false, ALICE)))
                .isEqualTo("node m-a: is no traffic node of this cluster");
        ledger.accepted(new Command.ChooseNodeAdmission(new NodeId("eu-1"), false, ALICE));
        assertThat(ledger.state.operatorClosed()).containsExactly(new NodeId("eu-1"));
        ledger.accepted(new Command.ChooseNodeAdmission(new NodeId("eu-1"), true, ALICE));
        assertThat(ledger.state.operatorClosed()).isEmpty();
    }

    @Test
    void decidesAboutStepsOfTheCurrentPlanInTheRightOrderOnly() {
        Ledger ledger = founded();
        ledger.accepted(accept(fixture().blueprint()));
        StepId first = fixture().blueprint().steps().getFirst().id();
        StepId second = fixture().blueprint().steps().get(1).id();
        Command start = new Command.StartStep(PLAN, first, Set.of());

        assertThat(ledger.rejected(start))
                .isEqualTo("upgrade p-1: expected it RUNNING, found it PLANNED");
        ledger.accepted(new Command.StartUpgrade(PLAN, ALICE));
        assertThat(ledger.rejected(new Command.CompleteStep(PLAN, first, List.of())))
                .isEqualTo("step s1: expected it RUNNING, found it PENDING");
        assertThat(ledger.rejected(new Command.StartStep(PLAN, second, Set.of())))
                .isEqualTo("step s2: can't start: it is PENDING and waits for another step");
        ledger.accepted(start);
        assertThat(ledger.rejected(start))
                .isEqualTo("step s1: can't start: it is RUNNING and nothing it waits for is open");
        assertThat(ledger.rejected(new Command.FailStep(PLAN, first, 2, "why", true)))
                .isEqualTo("step s1: attempt 2 can't fail, attempt 1 is running");
        assertThat(ledger.rejected(new Command.ConfirmStep(first, true, ALICE)))
                .isEqualTo("step s1: expected a CONFIRM step, found BACKUP");
        assertThat(ledger.rejected(new Command.CompleteUpgrade(PLAN)))
                .isEqualTo("plan p-1: step s1 (BACKUP m-a) is not over");
        assertThat(ledger.rejected(new Command.ConfirmStep(new StepId("s999"), true, ALICE)))
                .isEqualTo("step s999: is not in the current plan");
    }

    @Test
    void stopsAtAnEventThatIsNotTheNext() {
        Ledger ledger = founded();
        Recorded gap =
                new Recorded(
                        ledger.state.index() + 2,
                        Instant.EPOCH,
                        OF_A,
                        new Event.HandoverDecided(A, B));

        assertThatThrownBy(() -> ledger.state.apply(gap))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("journal: expected event 4 next, found 5");
    }
}
