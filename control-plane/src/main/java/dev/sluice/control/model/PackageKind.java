package dev.sluice.control.model;

/** What a package replaces on a node. */
public enum PackageKind {
    /** The node's operating software; installing it reboots the node. */
    BASE,
    /** The application with its licence; needs certain base packages. */
    SITE,
    /** A licence add-on. */
    ADDON
}
