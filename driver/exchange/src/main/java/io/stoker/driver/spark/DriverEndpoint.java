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
 * Questions and answers are bytes ({@link MessageCodec}), because Spark deserializes them with a
 * class loader that does not know the classes of the job. It processes one question at a time. It
 * owns its registration with Spark until {@link #close}.
 */
public final class DriverEndpoint implements AutoCloseable {
  /**
   * What Spark sends along with a question and its answer, in bytes, without the endpoint's name: 2
   * x 21 of its frames, about 26 of addresses, and 2 x 27 of Java's headers of an array.
   */
  private static final int FRAME_BYTES = 122;

  /** Receives the questions. */
  public interface Receiver {
    /**
     * Takes a question.
     *
     * @param question what the task sent
     * @param reply answers it, now or later, once
     */
    void receive(byte[] question, Reply reply);
  }

  /** Answers a question. */
  public interface Reply {
    /** Sends the answer to the task, which waits for it. */
    void send(byte[] answer);
  }

  private final RpcEnv environment;
  private final RpcEndpointRef reference;

  /**
   * Opens an endpoint on this driver.
   *
   * @param name by which tasks find it
   * @param traffic where the bytes of questions and answers are counted
   * @param receiver takes the questions
   */
  public DriverEndpoint(String name, DriverTraffic traffic, Receiver receiver) {
    this.environment = SparkEnv.get().rpcEnv();
    Receiver counting =
        (question, reply) -> {
          traffic.add(FRAME_BYTES + name.length() + question.length);
          receiver.receive(
              question,
              answer -> {
                traffic.add(answer.length);
                reply.send(answer);
              });
        };
    this.reference = environment.setupEndpoint(name, new Endpoint(environment, counting));
  }

  private record Endpoint(RpcEnv rpcEnv, Receiver receiver) implements ThreadSafeRpcEndpoint {
    @Override
    public PartialFunction<Object, BoxedUnit> receiveAndReply(RpcCallContext caller) {
      return new AbstractPartialFunction<>() {
        @Override
        public boolean isDefinedAt(Object question) {
          return question instanceof byte[];
        }

        @Override
        public <A, B> B applyOrElse(A question, Function1<A, B> otherwise) {
          if (!isDefinedAt(question)) {
            return otherwise.apply(question);
          }
          receiver.receive((byte[]) question, caller::reply);
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
