package dev.sluice.trust.packages;

/** What a package replaces. */
public enum PackageKind {
    /** The node's operating software: an image for its management controller. */
    BASE,
    /** The application. */
    SITE,
    /** Something beside the application, such as a licence. */
    ADDON
}
