@NullMarked
package dev.sluice.control.badexample.controller;

import org.jspecify.annotations.NullMarked;
