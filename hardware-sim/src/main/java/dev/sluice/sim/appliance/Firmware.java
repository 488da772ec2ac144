package dev.sluice.sim.appliance;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * The two slots and which of them runs.
 *
 * @param active the slot that runs, or ran last
 * @param nextBoot the slot that the next boot tries first
 * @param slotA what slot A holds; empty while it is being written
 * @param slotB what slot B holds; empty while it is being written
 * @param faulty slots whose boots fail until they are written again
 */
public record Firmware(
        Slot active,
        Slot nextBoot,
        Optional<BaseImage> slotA,
        Optional<BaseImage> slotB,
        Set<Slot> faulty) {

    public Firmware {
        faulty = Set.copyOf(faulty);
    }

    /** A new appliance's: the image in slot A, slot B empty. */
    public static Firmware factory(BaseImage image) {
        return new Firmware(Slot.A, Slot.A, Optional.of(image), Optional.empty(), Set.of());
    }

    public Optional<BaseImage> image(Slot slot) {
        return switch (slot) {
            case A -> slotA;
            case B -> slotB;
        };
    }

    boolean boots(Slot slot) {
        return image(slot).isPresent() && !faulty.contains(slot);
    }

    Firmware withActive(Slot slot) {
        return new Firmware(slot, slot, slotA, slotB, faulty);
    }

    Firmware withNextBoot(Slot slot) {
        return new Firmware(active, slot, slotA, slotB, faulty);
    }

    Firmware withFaulty(Slot slot) {
        Set<Slot> more = EnumSet.of(slot);
        more.addAll(faulty);
        return new Firmware(active, nextBoot, slotA, slotB, more);
    }

    /** The slot gets other content, which also ends its fault. */
    Firmware withImage(Slot slot, Optional<BaseImage> image) {
        Set<Slot> others = EnumSet.noneOf(Slot.class);
        others.addAll(faulty);
        others.remove(slot);
        return switch (slot) {
            case A -> new Firmware(active, nextBoot, image, slotB, others);
            case B -> new Firmware(active, nextBoot, slotA, image, others);
        };
    }
}
