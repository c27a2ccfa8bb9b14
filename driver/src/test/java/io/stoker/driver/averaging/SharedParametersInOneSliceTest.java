package io.stoker.driver.averaging;

/** All the same where the next round's workers average. */
class SharedParametersInOneSliceTest extends SharedParametersTest {
  @Override
  int sliceLength() {
    return 1 << 20;
  }
}
