/**
 * What this node has seen of packages and channels, so that nobody can have it install what is
 * older: {@link dev.sluice.agent.trusted.TrustedVersions} where masters are taken at their word,
 * {@link dev.sluice.agent.trusted.VerifiedChannels} where they are not.
 */
@NullMarked
package dev.sluice.agent.trusted;

import org.jspecify.annotations.NullMarked;
