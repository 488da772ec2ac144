package dev.sluice.sim.redfish;

import static dev.sluice.sim.redfish.Paths.collection;
import static dev.sluice.sim.redfish.Paths.resource;
import static dev.sluice.sim.redfish.Paths.status;

import dev.sluice.sim.appliance.EthernetInterface;
import dev.sluice.sim.appliance.EthernetInterface.Ipv4Address;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** The EthernetInterfaces of the system or of the manager, whichever the parent is. */
final class InterfaceResources {

    private static final int MAX_ADDRESS_CHARS = 15;
    private static final Pattern IPV4 =
            Pattern.compile("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?!$)|$)){4}");
    private static final Pattern MASK =
            Pattern.compile(
                    "((255\\.){3}(255|254|252|248|240|224|192|128|0))|((255\\.){2}(254|252|248|240|224|192|128|0)\\.0)"
                            + "|(255\\.(254|252|248|240|224|192|128|0)\\.0\\.0)|((254|252|248|240|224|192|128|0)\\.0\\.0\\.0)");

    private final LiveAppliance live;
    private final String path;
    private final boolean ofManager;

    InterfaceResources(LiveAppliance live, String parent, boolean ofManager) {
        this.live = live;
        this.path = parent + "/EthernetInterfaces";
        this.ofManager = ofManager;
    }

    void bind(Routes routes) {
        routes.read(
                path,
                _ ->
                        Optional.of(
                                collection(
                                        path,
                                        "EthernetInterfaceCollection",
                                        "Ethernet Interfaces",
                                        interfaces().stream()
                                                .map(each -> path + "/" + each.id())
                                                .toList())));
        for (EthernetInterface each : interfaces()) {
            String id = each.id();
            routes.write(
                    path + "/" + id,
                    _ -> Optional.of(describe(find(id))),
                    (_, sent) -> change(find(id), sent));
        }
    }

    private List<EthernetInterface> interfaces() {
        return live.use(appliance -> appliance.state().interfaces()).stream()
                .filter(each -> each.ofManager() == ofManager)
                .toList();
    }

    private EthernetInterface find(String id) {
        return interfaces().stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("interface " + id + " is gone"));
    }

    private JsonObject describe(EthernetInterface each) {
        JsonArray addresses = new JsonArray();
        JsonArray statics = new JsonArray();
        for (Ipv4Address address : each.addresses()) {
            JsonObject json =
                    new JsonObject()
                            .put("Address", address.address())
                            .put("SubnetMask", address.subnetMask())
                            .put("Gateway", address.gateway());
            statics.add(json);
            addresses.add(json.copy().put("AddressOrigin", "Static"));
        }
        return resource(
                        path + "/" + each.id(),
                        "EthernetInterface.v1_12_0.EthernetInterface",
                        each.id(),
                        each.id())
                .put("MACAddress", each.mac())
                .put("PermanentMACAddress", each.mac())
                .put("InterfaceEnabled", each.enabled())
                .put("LinkStatus", each.enabled() ? "LinkUp" : "LinkDown")
                .put("SpeedMbps", 1_000)
                .put("FullDuplex", true)
                .put("IPv4Addresses", addresses)
                .put("IPv4StaticAddresses", statics)
                .put("Status", status(each.enabled() ? "Enabled" : "Disabled", "OK"));
    }

    private Reply change(EthernetInterface now, Payload sent) {
        Optional<Boolean> enabled = sent.bool("InterfaceEnabled");
        Optional<List<Payload>> given =
                sent.objects("IPv4StaticAddresses", EthernetInterface.MAX_ADDRESSES);
        Optional<List<Ipv4Address>> addresses = given.map(InterfaceResources::addresses);
        List<Message> problems = sent.problems();
        if (!problems.isEmpty()) {
            return new Reply.Problem(400, problems);
        }
        live.use(appliance -> {
            appliance.setInterface(
                    new EthernetInterface(
                            now.id(),
                            now.ofManager(),
                            now.mac(),
                            enabled.orElse(now.enabled()),
                            addresses.orElse(now.addresses())));
            return true;
        });
        return new Reply.Done();
    }

    private static List<Ipv4Address> addresses(List<Payload> given) {
        List<Ipv4Address> addresses = new ArrayList<>();
        for (Payload each : given) {
            addresses.add(
                    new Ipv4Address(
                            matching(each, "Address", IPV4, Optional.empty()),
                            matching(each, "SubnetMask", MASK, Optional.empty()),
                            matching(each, "Gateway", IPV4, Optional.of("0.0.0.0"))));
        }
        return addresses;
    }

    private static String matching(
            Payload payload, String property, Pattern form, Optional<String> absent) {
        if (!payload.has(property)) {
            if (absent.isEmpty()) {
                payload.miss(property);
            }
            return absent.orElse("");
        }
        Optional<String> text = payload.string(property, MAX_ADDRESS_CHARS);
        if (text.isPresent() && !form.matcher(text.get()).matches()) {
            payload.refuse(property, text.get(), "the IPv4 values in dotted form");
        }
        return text.orElse("");
    }
}
