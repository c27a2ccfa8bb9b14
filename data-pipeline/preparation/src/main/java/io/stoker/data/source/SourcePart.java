// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import java.io.IOException;
import java.io.Serializable;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/** Some of a collection's samples, all of one split: what one task reads, in seconds. */
public interface SourcePart extends Serializable {
  /** The split that the collection puts the samples in, if it has splits. */
  Optional<String> split();

  /**
   * Reads the samples, one after the other; the caller closes the stream.
   *
   * @param hadoop how to reach the filesystem
   * @throws IOException if the part cannot be read at all; for a single sample that cannot, the
   *     stream has a {@link SourceImage.Unreadable}
   */
  Stream<SourceSample> samples(Configuration hadoop) throws IOException;
}
