package dev.sluice.loadtest.testbed;

import java.util.List;
import java.util.stream.Stream;

/**
 * The flags of the product's processes, as docs/reference has them. Memory is bounded, and a full
 * heap ends the process rather than linger.
 */
public final class JvmFlags {

    private static final List<String> SMALL =
            List.of(
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseCompactObjectHeaders",
                    "-XX:-UsePerfData",
                    "-XX:MinHeapFreeRatio=10",
                    "-XX:MaxHeapFreeRatio=25",
                    "-XX:TrimNativeHeapInterval=5000",
                    "-Xss256k",
                    "-XX:+ExitOnOutOfMemoryError",
                    "-Dio.netty.leakDetection.level=disabled",
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow");

    private JvmFlags() {}

    public static List<String> agent() {
        return with("-Xms8m", "-Xmx64m", "-XX:MaxNewSize=4m", "-XX:MaxDirectMemorySize=32m");
    }

    public static List<String> controlPlane() {
        return with("-Xms16m", "-Xmx96m", "-XX:MaxNewSize=8m", "-XX:MaxMetaspaceSize=96m");
    }

    /** Of a process that the product does not document, with what its heap needs. */
    static List<String> with(String... heap) {
        return Stream.concat(SMALL.stream(), Stream.of(heap)).toList();
    }
}
