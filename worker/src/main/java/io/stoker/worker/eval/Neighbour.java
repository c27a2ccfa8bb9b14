// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import java.io.Serializable;
import java.util.Comparator;

/**
 * A sample near an image. The nearer one comes first, of equally near ones that with the lower id.
 *
 * @param distance between both, in the space of a layer
 * @param sampleId the sample's identity
 * @param label its class
 * @param block where it is: the index of the block in the split
 * @param row where in the block
 */
public record Neighbour(double distance, long sampleId, int label, int block, int row)
    implements Comparable<Neighbour>, Serializable {
  private static final Comparator<Neighbour> ORDER =
      Comparator.comparingDouble(Neighbour::distance).thenComparingLong(Neighbour::sampleId);

  @Override
  public int compareTo(Neighbour other) {
    return ORDER.compare(this, other);
  }
}
