package io.stoker.data.source;

import io.stoker.failure.Check;
import java.util.HashSet;
import java.util.List;

/**
 * What a collection holds.
 *
 * @param classNames its classes; a label is an index into them
 * @param parts all its samples
 * @param ignored files that are not images, relative to the input
 */
public record SourceListing(List<String> classNames, List<SourcePart> parts, List<String> ignored) {
  public SourceListing {
    classNames = List.copyOf(classNames);
    parts = List.copyOf(parts);
    ignored = List.copyOf(ignored);
    Check.input(
        classNames.size() >= 2,
        "Found %d class%s %s; there must be at least 2 to learn to tell apart",
        classNames.size(),
        classNames.size() == 1 ? "" : "es",
        classNames);
    Check.input(
        new HashSet<>(classNames).size() == classNames.size(),
        "A class name appears twice: %s",
        classNames);
    long withSplit = parts.stream().filter(part -> part.split().isPresent()).count();
    Check.input(
        withSplit == 0 || withSplit == parts.size(),
        "Some of the samples are in a split (such as train), others in none");
  }
}
