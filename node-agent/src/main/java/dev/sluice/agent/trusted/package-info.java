/**
 * What this node has seen of packages and channels, so that nobody can have it install what is
 * older: {@link dev.sluice.agent.trusted.TrustedVersions}.
 */
@NullMarked
package dev.sluice.agent.trusted;

import org.jspecify.annotations.NullMarked;
