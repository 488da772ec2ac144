package dev.sluice.control.depot;

import dev.sluice.control.model.NodeId;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** The depots of the other masters. */
public interface OtherDepots {

    /** Whom to ask, in this order. */
    List<NodeId> masters();

    /**
     * Opens a content at another master from an offset on; it ends with the content.
     *
     * @throws IOException saying what that master answered; also from the stream, when it breaks
     */
    InputStream open(NodeId master, ContentId id, long offset) throws IOException;
}
