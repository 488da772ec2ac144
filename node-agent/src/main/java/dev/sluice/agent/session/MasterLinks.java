package dev.sluice.agent.session;

import dev.sluice.v1.NodeReport;
import dev.sluice.v1.SessionRecordBatch;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.Welcome;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The sessions with all masters. */
public final class MasterLinks implements AutoCloseable {

    private final List<MasterLink> links;

    public MasterLinks(List<MasterLink> links) {
        this.links = List.copyOf(links);
    }

    public void start() {
        links.forEach(MasterLink::start);
    }

    /** Answers one master, with a report made now. */
    public void send(
            String toMaster, SessionRequest.Builder message, Supplier<NodeReport> reports) {
        for (MasterLink link : links) {
            if (link.masterId().equals(toMaster)) {
                link.send(Answers.withReport(message, reports).build());
            }
        }
    }

    /** Sends a report to every master that reads. */
    public void broadcast(NodeReport report) {
        SessionRequest message = SessionRequest.newBuilder().setReport(report).build();
        links.forEach(link -> link.offer(message));
    }

    /** What a master says of itself while the session with it is up. */
    public Optional<Welcome> welcome(String masterId) {
        return links.stream()
                .filter(link -> link.masterId().equals(masterId))
                .findFirst()
                .flatMap(MasterLink::welcome);
    }

    /** The masters that have a session now, each with its number: another one for each session. */
    public SortedMap<String, Long> sessions() {
        SortedMap<String, Long> up = new TreeMap<>();
        for (MasterLink link : links) {
            link.session().ifPresent(number -> up.put(link.masterId(), number));
        }
        return up;
    }

    /** Sends session records unless older messages still wait: they are sent again. */
    public void sendRecords(String toMaster, SessionRecordBatch batch) {
        SessionRequest message = SessionRequest.newBuilder().setRecords(batch).build();
        for (MasterLink link : links) {
            if (link.masterId().equals(toMaster)) {
                link.offer(message);
            }
        }
    }

    @Override
    public void close() {
        links.forEach(MasterLink::close);
    }
}
