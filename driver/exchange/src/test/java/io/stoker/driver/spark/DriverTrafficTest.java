// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.testing.Exact;
import java.util.Random;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.junit.jupiter.api.Test;

class DriverTrafficTest {
  private static final int BYTES = 1_000_000;

  @Test
  @Exact
  void countsABroadcastWhenItIsSentAndNotWhenItIsDropped() throws Exception {
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      DriverTraffic traffic = new DriverTraffic(true);
      spark.sc().addSparkListener(traffic);
      byte[] bytes = new byte[BYTES];
      new Random(1).nextBytes(bytes); // which Spark cannot compress
      Broadcast<byte[]> sent = spark.broadcast(bytes);
      spark.sc().listenerBus().waitUntilEmpty(60_000);
      assertThat(traffic.take()).isGreaterThan(BYTES);

      sent.destroy(true);
      spark.sc().listenerBus().waitUntilEmpty(60_000);

      assertThat(traffic.take()).isZero();
    }
  }
}
