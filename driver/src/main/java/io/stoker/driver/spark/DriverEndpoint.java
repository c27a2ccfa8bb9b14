// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import org.apache.spark.SparkEnv;
import org.apache.spark.rpc.RpcCallContext;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.rpc.ThreadSafeRpcEndpoint;
import scala.Function1;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * An RPC endpoint on the driver that tasks send questions to, see {@link DriverQuestions}.
 * Questions and replies are arrays of the JDK's own classes, since Spark deserializes them with a
 * class loader that does not know the classes of the job. It processes one question at a time. It
 * owns its registration with Spark until {@link #close}.
 */
public final class DriverEndpoint implements AutoCloseable {
  /** Receives the questions. */
  public interface Receiver {
    /**
     * Takes a question.
     *
     * @param question what the task sent
     * @param reply answers it, now or later, once
     */
    void receive(Object[] question, Reply reply);
  }

  /** Answers a question. */
  public interface Reply {
    /** Sends the answer to the task, which waits for it. */
    void send(Object answer);
  }

  private final RpcEnv environment;
  private final RpcEndpointRef reference;

  /**
   * Opens an endpoint on this driver.
   *
   * @param name by which tasks find it
   * @param receiver takes the questions
   */
  public DriverEndpoint(String name, Receiver receiver) {
    this.environment = SparkEnv.get().rpcEnv();
    this.reference = environment.setupEndpoint(name, new Endpoint(environment, receiver));
  }

  private record Endpoint(RpcEnv rpcEnv, Receiver receiver) implements ThreadSafeRpcEndpoint {
    @Override
    public PartialFunction<Object, BoxedUnit> receiveAndReply(RpcCallContext caller) {
      return new AbstractPartialFunction<>() {
        @Override
        public boolean isDefinedAt(Object question) {
          return question instanceof Object[];
        }

        @Override
        public <A, B> B applyOrElse(A question, Function1<A, B> otherwise) {
          if (!isDefinedAt(question)) {
            return otherwise.apply(question);
          }
          receiver.receive((Object[]) question, caller::reply);
          return null; // Spark ignores the value of a receiver.
        }
      };
    }
  }

  @Override
  public void close() {
    environment.stop(reference);
  }
}
