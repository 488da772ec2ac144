package dev.sluice.control.peer;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.netty.channel.epoll.Epoll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

final class PeerLoopTest {

    /** Without it masters hear each other by NIO, and nothing says so. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void theNativeLibraryOfEpollIsOneOfAMastersOwn() {
        assertThatCode(Epoll::ensureAvailability).doesNotThrowAnyException();
    }
}
