// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcTimeout;
import org.apache.spark.util.RpcUtils;
import scala.concurrent.Future;
import scala.concurrent.duration.Duration;

/** A task's connection to a {@link DriverEndpoint}. */
public final class DriverQuestions {
  /** A driver that is gone ends its executors, so that no question waits longer than they live. */
  private static final RpcTimeout UNLIMITED =
      new RpcTimeout(Duration.create(Long.MAX_VALUE, TimeUnit.NANOSECONDS), "stoker.unlimited");

  private static final long KILL_CHECK_MILLISECONDS = 200;

  private final RpcEndpointRef endpoint;
  private final TaskContext context;

  /**
   * Connects a task.
   *
   * @param endpoint the endpoint's name
   * @param context the task's
   */
  public DriverQuestions(String endpoint, TaskContext context) {
    SparkEnv spark = SparkEnv.get();
    this.endpoint = RpcUtils.makeDriverRef(endpoint, spark.conf(), spark.rpcEnv());
    this.context = context;
  }

  /**
   * Sends a question and waits for the answer.
   *
   * @param question see {@link MessageCodec}
   * @throws TaskKilledException if Spark kills the task meanwhile
   * @throws IllegalStateException if this thread is interrupted
   */
  public byte[] ask(byte[] question) {
    Future<byte[]> answer = endpoint.ask(question, UNLIMITED, Scala.tag(byte[].class));
    try {
      while (!Scala.isReady(answer, KILL_CHECK_MILLISECONDS)) {
        context.killTaskIfInterrupted();
      }
      return Scala.await(answer);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting for the driver", e);
    }
  }
}
