// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.failure.InputException;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A kind of collection of labelled images, such as a folder a class. For another kind, a class
 * implements this interface and {@link SourcePart}. It is passed to the prepare job, or its jar
 * names it in {@code META-INF/services/io.stoker.data.source.ImageSource} and {@code --format}
 * chooses it.
 */
public interface ImageSource {
  /** The name of the format, as {@code --format} takes it. */
  String name();

  /** The channels of its images, unless the user says otherwise: 1 or 3. */
  default int defaultChannels() {
    return 3;
  }

  /**
   * Looks at a collection, without reading the images: names the classes, and cuts the collection
   * into parts. This runs once, on the driver; the parts are read on the executors.
   *
   * @param input where the collection is
   * @param hadoop how to reach its filesystem
   * @throws InputException if it is not a collection of this kind
   * @throws IOException if it cannot be read
   */
  SourceListing list(Path input, Configuration hadoop) throws IOException;
}
