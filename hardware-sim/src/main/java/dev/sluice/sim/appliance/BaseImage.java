package dev.sluice.sim.appliance;

/**
 * A base image as a slot holds it.
 *
 * @param name the product's name from the image's header
 * @param version the version from the image's header
 * @param sha256 of the whole image file, 64 lower-case hex digits
 * @param sizeBytes of the whole image file
 */
public record BaseImage(String name, String version, String sha256, long sizeBytes) {}
