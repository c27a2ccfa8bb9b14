package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.junit.jupiter.api.Test;

class DriverTrafficTest {
  private static final int BYTES = 1_000_000;

  @Test
  void countsABroadcastWhenItIsSentAndNotWhenItIsDropped() throws Exception {
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      DriverTraffic traffic = new DriverTraffic(true);
      spark.sc().addSparkListener(traffic);
      Broadcast<byte[]> sent = spark.broadcast(new byte[BYTES]);
      spark.sc().listenerBus().waitUntilEmpty();
      assertThat(traffic.take()).isGreaterThan(BYTES / 100);

      sent.destroy(true);
      spark.sc().listenerBus().waitUntilEmpty();

      assertThat(traffic.take()).isZero();
    }
  }
}
