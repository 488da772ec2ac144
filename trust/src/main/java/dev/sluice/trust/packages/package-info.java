/** wip */
@NullMarked
package dev.sluice.trust.packages;

import org.jspecify.annotations.NullMarked;
