package dev.sluice.transfer.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trust.pki.PeerName;
import org.junit.jupiter.api.Test;

final class AdmissionTest {

    private final Admission admission = new Admission(new ServeLimits(4, 3, 2));

    @Test
    void onePeerHasItsShareAndAllHaveTheirs() {
        PeerName first = PeerName.node("eu-1");
        PeerName second = PeerName.node("eu-2");

        assertThat(admission.begin(first)).isTrue();
        assertThat(admission.begin(first)).isTrue();
        assertThat(admission.begin(first)).isFalse();
        assertThat(admission.begin(second)).isTrue();
        assertThat(admission.begin(PeerName.node("eu-3"))).isFalse();

        admission.end(first);
        assertThat(admission.begin(second)).isTrue();
        assertThat(admission.begin(second)).isFalse();
        assertThat(admission.pulls()).isEqualTo(3);
    }

    @Test
    void connectionsAreBoundedWhateverTheyDo() {
        for (int i = 0; i < 4; i++) {
            assertThat(admission.connect()).isTrue();
        }
        assertThat(admission.connect()).isFalse();
        admission.disconnect();
        assertThat(admission.connect()).isTrue();
    }
}
