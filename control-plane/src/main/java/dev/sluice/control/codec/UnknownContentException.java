package dev.sluice.control.codec;

/** Well-formed content that this release has no name for; never leaves the package. */
final class UnknownContentException extends RuntimeException {

    UnknownContentException(String what) {
        super(what);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
