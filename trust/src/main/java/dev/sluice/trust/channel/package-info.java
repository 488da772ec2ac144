/**
 * Channels: what a vendor offers now, in metadata with the roles and the client's workflow of The
 * Update Framework (TUF), in DSSE envelopes. {@code docs/reference/channel.md} is the
 * specification.
 *
 * <p>May depend on the JDK, commons-compress, Jackson, {@code packages} and {@code x509}. Does no
 * I/O of its own: a {@link dev.sluice.trust.channel.ChannelSource} fetches, a {@link
 * dev.sluice.trust.channel.SeenStore} remembers. Start with {@link
 * dev.sluice.trust.channel.ChannelClient}.
 *
 * <pre>{@code
 * new ChannelClient(byte[] pinnedRoot, SeenStore, InstantSource).read(ChannelSource)
 *     -> ChannelOutcome: Current(Channel) | Refused(Reason, message)
 * Metadata.Root/.Timestamp/.Snapshot/.Targets  .encoded()
 * Envelope.signed(byte[] payload, List<ChannelSigningKey>).encoded()
 * Channel.packages() -> List<ChannelPackage>  ChannelPackage.check(Manifest)
 * }</pre>
 */
@NullMarked
package dev.sluice.trust.channel;

import org.jspecify.annotations.NullMarked;
