// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MlflowServerTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<HttpServer> servers = new ArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);

  @AfterEach
  void stop() {
    over.countDown();
    servers.forEach(server -> server.stop(0));
    threads.shutdownNow();
  }

  private String serve(HttpHandler handler) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.createContext("/", handler);
    server.setExecutor(threads);
    server.start();
    servers.add(server);
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void followsNoRedirectBecauseCredentialsWouldGoWithIt(int status) throws IOException {
    AtomicInteger arrived = new AtomicInteger();
    String elsewhere =
        serve(
            exchange -> {
              arrived.incrementAndGet();
              exchange.sendResponseHeaders(200, -1);
              exchange.close();
            });
    String here =
        serve(
            exchange -> {
              exchange.getRequestBody().readAllBytes();
              exchange.getResponseHeaders().add("Location", elsewhere + "/");
              exchange.sendResponseHeaders(status, -1);
              exchange.close();
            });

    try (MlflowServer server = new MlflowServer(here, LONG)) {
      for (ThrowingCallable request :
          List.<ThrowingCallable>of(
              () -> server.get("runs/get", "run_id", "1"),
              () -> server.post("runs/create", MlflowServer.object()),
              () -> server.upload("mlflow-artifacts:/1/artifacts", "report.html", new byte[9]))) {
        assertThatThrownBy(request)
            .isInstanceOf(MlflowException.class)
            .hasMessageContaining("it answers " + status + ", a redirect");
      }
    }
    assertThat(arrived).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 500})
  void readsNoMoreThanABoundedAnswer(int status) throws IOException {
    String endless =
        serve(
            exchange -> {
              exchange.sendResponseHeaders(status, 0);
              byte[] part = new byte[1 << 20];
              try (OutputStream body = exchange.getResponseBody()) {
                while (over.getCount() > 0) {
                  body.write(part);
                }
              }
            });

    try (MlflowServer server = new MlflowServer(endless, LONG)) {
      assertThatThrownBy(() -> server.get("runs/get", "run_id", "1"))
          .isInstanceOf(MlflowException.class)
          .hasMessage("its answer is longer than 8388608 bytes");
    }
  }

  @Test
  void endsARequestWhoseAnswerNeverEnds() throws IOException {
    String slow =
        serve(
            exchange -> {
              exchange.sendResponseHeaders(200, 0);
              trickle(exchange);
            });

    try (MlflowServer server = new MlflowServer(slow, Duration.ofMillis(300))) {
      assertThatThrownBy(() -> server.get("runs/get", "run_id", "1"))
          .isInstanceOf(MlflowException.class)
          .hasMessageStartingWith("no answer within");
    }
  }

  private void trickle(HttpExchange exchange) throws IOException {
    try (OutputStream body = exchange.getResponseBody()) {
      while (!over.await(20, TimeUnit.MILLISECONDS)) {
        body.write('x');
        body.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void uploadsToItsOwnArtifactsAndNowhereElse() throws IOException {
    AtomicInteger arrived = new AtomicInteger();
    String here =
        serve(
            exchange -> {
              arrived.incrementAndGet();
              exchange.sendResponseHeaders(200, -1);
              exchange.close();
            });

    try (MlflowServer server = new MlflowServer(here, LONG)) {
      for (String root :
          List.of(
              "s3://bucket/1",
              "ftp://name:password@host/1",
              "mlflow-artifacts://other/1",
              "mlflow-artifacts:/1?x=y",
              "mlflow-artifacts:/a b")) {
        assertThat(server.upload(root, "report.html", new byte[1])).as(root).isFalse();
      }
      assertThat(server.upload("mlflow-artifacts:/1/abc/artifacts", "report.html", new byte[1]))
          .isTrue();
    }
    assertThat(arrived).hasValue(1);
  }
}
