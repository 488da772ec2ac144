/**
 * The frames of a transfer: how they are written and read, and what of them is legal when. No I/O:
 * bytes in, calls out. Depends on trust and Netty's buffers. Start with {@link
 * dev.sluice.transfer.wire.FrameReader}.
 */
@NullMarked
package dev.sluice.transfer.wire;

import org.jspecify.annotations.NullMarked;
