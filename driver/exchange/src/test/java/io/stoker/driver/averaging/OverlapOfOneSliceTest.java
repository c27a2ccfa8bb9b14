// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import org.junit.jupiter.api.Tag;

/** The same with a model of one slice, which each worker averages for itself. */
@Tag("slow")
class OverlapOfOneSliceTest extends OverlapTest {
  @Override
  int sliceLength() {
    return 1 << 20;
  }
}
