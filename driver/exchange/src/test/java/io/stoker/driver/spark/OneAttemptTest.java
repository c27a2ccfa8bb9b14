// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class OneAttemptTest {
  @Test
  void aTaskThatRunsAgainGoesOnWhenTheAttemptBeforeHasFailed() {
    try (JavaSparkContext spark = LocalSpark.start("local[2,2]")) {
      List<Integer> attempts =
          Jobs.elements(
              new NumberedTasks<>(
                  spark,
                  2,
                  task -> {
                    TaskContext context = TaskContext.get();
                    OneAttempt.await(context);
                    if (task == 1 && context.attemptNumber() == 0) {
                      throw new IllegalStateException("the first attempt fails");
                    }
                    return context.attemptNumber();
                  }));

      assertThat(attempts).containsExactly(0, 1);
    }
  }
}
