// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;

/**
 * An HTTP endpoint that stands in front of another one, and has the faults that a test asks for.
 */
public final class FaultyEndpoint implements AutoCloseable {
  /** What can go wrong with one request. */
  public enum Fault {
    NONE,
    /** The request does not reach the server; the answer is 500. */
    INTERNAL_ERROR,
    /** The same with 503, which S3 says when it throttles. */
    SLOW_DOWN,
    /** The request does not reach the server; its connection is closed. */
    DROPPED,
    /** The server does what is asked, but its answer is cut in the middle. */
    CUT,
    /** The answer comes late. */
    SLOW
  }

  private static final Set<String> OF_THE_CONNECTION =
      Set.of("host", "connection", "content-length", "expect", "transfer-encoding", "upgrade");

  private static final Set<String> OF_THE_CONNECTION_BACK =
      Set.of("connection", "keep-alive", "transfer-encoding");

  private static final long SLOWNESS_NANOSECONDS = TimeUnit.MILLISECONDS.toNanos(100);

  private final URI target;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger faults = new AtomicInteger();
  private volatile BiFunction<Integer, String, Fault> schedule = (request, what) -> Fault.NONE;

  private FaultyEndpoint(URI target) throws IOException {
    this.target = target;
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /** Begins to stand in front of a server. */
  public static FaultyEndpoint before(URI target) {
    try {
      return new FaultyEndpoint(target);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it listens. */
  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /**
   * Says which requests go wrong from now on.
   *
   * @param schedule from a request's number, counted from 1, and its method and path, such as
   *     {@code PUT /bucket/key}
   */
  public void inject(BiFunction<Integer, String, Fault> schedule) {
    requests.set(0);
    faults.set(0);
    this.schedule = schedule;
  }

  /** Faults since the schedule was set. */
  public int faults() {
    return faults.get();
  }

  private void answer(HttpExchange exchange) {
    String what = exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
    Fault fault = schedule.apply(requests.incrementAndGet(), what);
    if (fault != Fault.NONE) {
      faults.incrementAndGet();
    }
    try {
      byte[] body = exchange.getRequestBody().readAllBytes();
      switch (fault) {
        case INTERNAL_ERROR -> refuse(exchange, 500, "InternalError");
        case SLOW_DOWN -> refuse(exchange, 503, "SlowDown");
        case DROPPED -> {}
        case CUT -> pass(exchange, body, true);
        case SLOW -> {
          LockSupport.parkNanos(SLOWNESS_NANOSECONDS);
          pass(exchange, body, false);
        }
        case NONE -> pass(exchange, body, false);
      }
    } catch (IOException e) {
      // One of the two ends has gone; the other is told by the connection's end.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      exchange.close();
    }
  }

  private static void refuse(HttpExchange exchange, int status, String code) throws IOException {
    byte[] body =
        "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>injected</Message></Error>"
            .formatted(code)
            .getBytes(StandardCharsets.UTF_8);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head ? -1 : body.length);
    if (!head) {
      exchange.getResponseBody().write(body);
    }
  }

  private void pass(HttpExchange exchange, byte[] body, boolean cut)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(target + exchange.getRequestURI().toString()))
            .method(
                exchange.getRequestMethod(),
                body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    exchange
        .getRequestHeaders()
        .forEach(
            (name, values) -> {
              if (!OF_THE_CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
              }
            });
    HttpResponse<InputStream> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    response
        .headers()
        .map()
        .forEach(
            (name, values) -> {
              if (!name.startsWith(":")
                  && !OF_THE_CONNECTION_BACK.contains(name.toLowerCase(Locale.ROOT))) {
                exchange.getResponseHeaders().put(name, values);
              }
            });
    try (InputStream content = response.body();
        OutputStream out = exchange.getResponseBody()) {
      byte[] bytes = content.readAllBytes();
      boolean empty = bytes.length == 0;
      exchange.sendResponseHeaders(response.statusCode(), empty ? -1 : bytes.length);
      if (cut && !empty) {
        out.write(bytes, 0, bytes.length / 2);
        out.flush();
        throw new IOException("cut");
      }
      out.write(bytes);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
