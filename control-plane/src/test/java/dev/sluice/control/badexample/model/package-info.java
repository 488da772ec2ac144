@NullMarked
package dev.sluice.control.badexample.model;

import org.jspecify.annotations.NullMarked;
