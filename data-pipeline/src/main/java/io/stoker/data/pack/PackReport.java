package io.stoker.data.pack;

import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.RejectedInput;
import io.stoker.data.source.SourceListing;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Judges what the pass over the images found, before anything is written.
 *
 * @param options of the job
 * @param listing of the input
 * @param splitNames of the job
 */
record PackReport(PrepareOptions options, SourceListing listing, List<String> splitNames) {
  private static final Logger LOG = LoggerFactory.getLogger(PackReport.class);
  private static final int EXAMPLES = 5;

  /** The rejected inputs by path, whoever found them. */
  static List<RejectedInput> rejected(PackStatistics statistics) {
    return statistics.rejected().stream()
        .sorted(Comparator.comparing(RejectedInput::path).thenComparing(RejectedInput::reason))
        .toList();
  }

  /**
   * Checks that the images make a data set, and warns of what a user would want to know.
   *
   * @throws InputException if they do not
   */
  void check(PackStatistics statistics) {
    checkRejected(statistics);
    checkShapes(statistics.shapes());
    Check.input(
        statistics.samples(splitNames.indexOf("train")) > 0,
        "No samples in split 'train' of %s (more images, or another --split)",
        options.input());
    warnOfEmptyClasses(statistics);
    if (!listing.ignored().isEmpty()) {
      LOG.warn(
          "Ignored what is no image by name ({} in all, listed in the manifest): {}",
          listing.ignored().size(),
          listing.ignored().stream().limit(EXAMPLES).collect(Collectors.joining(", ")));
    }
  }

  private void checkRejected(PackStatistics statistics) {
    List<RejectedInput> rejected = rejected(statistics);
    if (rejected.isEmpty()) {
      return;
    }
    long accepted = 0;
    for (int split = 0; split < splitNames.size(); split++) {
      accepted += statistics.samples(split);
    }
    long all = accepted + rejected.size();
    String examples =
        rejected.stream()
            .limit(EXAMPLES)
            .map(input -> input.path() + " (" + input.reason() + ")")
            .collect(Collectors.joining(", "));
    Check.input(
        rejected.size() <= options.maximumRejected() * all,
        "%d of %d images cannot be read, more than --max-rejected allows (%s): %s%s",
        rejected.size(),
        all,
        options.maximumRejected(),
        examples,
        rejected.size() > EXAMPLES ? ", ..." : "");
    LOG.warn("{} of {} images cannot be read: {}", rejected.size(), all, examples);
  }

  private void checkShapes(Map<ImageShape, String> shapes) {
    List<Map.Entry<ImageShape, String>> found = List.copyOf(shapes.entrySet());
    Check.input(!found.isEmpty(), "Input %s has no images", options.input());
    if (found.size() > 1) {
      throw new InputException(
          "The images have different shapes: %s is %s, %s is %s (choose one with --size)"
              .formatted(
                  found.get(0).getValue(),
                  found.get(0).getKey(),
                  found.get(1).getValue(),
                  found.get(1).getKey()));
    }
  }

  private void warnOfEmptyClasses(PackStatistics statistics) {
    for (int split = 0; split < splitNames.size(); split++) {
      long[] counts = statistics.samplesPerClass(split);
      for (int label = 0; label < counts.length; label++) {
        if (counts[label] == 0) {
          LOG.warn(
              "Class '{}' has no samples in split '{}'",
              listing.classNames().get(label),
              splitNames.get(split));
        }
      }
    }
  }
}
