package io.stoker.driver.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.FormatMethod;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the page of runs that go on. There are two resources, the page and its data; no path of a
 * request is ever one of the filesystem. Whoever can reach the address can read, hence loopback
 * unless told otherwise; pages of other sites cannot, because a request must name this machine as
 * its host, by address or by a name that the server was told (no DNS rebinding).
 */
public final class Dashboard implements AutoCloseable {
  /** The port where nobody says another. */
  public static final int PORT = 8085;

  private static final Logger LOG = LoggerFactory.getLogger(Dashboard.class);
  private static final int THREADS = 4;

  /** A host that is an address, with or without a port; no name server has a say in it. */
  private static final Pattern ADDRESS =
      Pattern.compile("(localhost|[0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[[0-9a-fA-F:.]+])(:[0-9]+)?");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final LiveRuns runs;
  private final String bind;
  private final HttpServer server;
  private final ExecutorService threads;

  private Dashboard(LiveRuns runs, String bind, HttpServer server) {
    this.runs = runs;
    this.bind = bind;
    this.server = server;
    this.threads =
        Executors.newFixedThreadPool(
            THREADS,
            work -> {
              Thread thread = new Thread(work, "dashboard");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  /**
   * Serves runs that are there.
   *
   * @param locations run folders, or folders of run folders
   * @param bind the address or name to listen on
   * @param port the port; 0 for a free one
   * @param hadoop how to reach the folders
   * @throws InputException if a folder is not there, or there is no such address
   * @throws ResourceException if the port is taken
   */
  public static Dashboard of(List<String> locations, String bind, int port, Configuration hadoop) {
    LiveRuns runs = new LiveRuns(locations, hadoop);
    runs.check();
    return start(runs, bind, port);
  }

  /**
   * Serves a run that is about to begin, on loopback.
   *
   * @param run where its folder will be
   * @param port the port; 0 for a free one
   * @param hadoop how to reach it
   * @throws ResourceException if the port is taken
   */
  public static Dashboard ofNewRun(String run, int port, Configuration hadoop) {
    return start(new LiveRuns(List.of(run), hadoop), "127.0.0.1", port);
  }

  private static Dashboard start(LiveRuns runs, String bind, int port) {
    Check.input(port >= 0 && port <= 65535, "Invalid port: %d (must be 0 to 65535)", port);
    try {
      InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(bind), port);
      return new Dashboard(runs, bind, HttpServer.create(address, 0));
    } catch (UnknownHostException e) {
      throw new InputException("Invalid address to listen on: %s".formatted(bind), e);
    } catch (IOException e) {
      throw new ResourceException(
          "Cannot listen on %s:%d: %s (choose another port)".formatted(bind, port, e.getMessage()),
          e);
    }
  }

  /** Where the page is. */
  public String url() {
    InetAddress address = server.getAddress().getAddress();
    String host = address.isAnyLocalAddress() ? "127.0.0.1" : address.getHostAddress();
    return "http://%s:%d/"
        .formatted(host.contains(":") ? "[" + host + "]" : host, server.getAddress().getPort());
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      if (!isOurs(exchange.getRequestHeaders().getFirst("Host"))) {
        say(exchange, 403, "This page answers to its own address only: %s", url());
      } else if (!exchange.getRequestMethod().equals("GET")) {
        say(exchange, 405, "Only GET");
      } else if ("/".equals(path)) {
        send(exchange, 200, "text/html; charset=utf-8", Page.of(runs.view()));
      } else if ("/data.json".equals(path)) {
        send(exchange, 200, "application/json", JSON.writeValueAsBytes(runs.view()));
      } else {
        say(exchange, 404, "Nothing here");
      }
    } catch (RuntimeException e) {
      LOG.warn("Cannot show the runs: {}", e.getMessage());
      say(exchange, 503, "Cannot read the runs: %s", e.getMessage());
    }
  }

  private boolean isOurs(String host) {
    if (host == null) {
      return false;
    }
    String name = host.replaceFirst(":[0-9]+$", "");
    return ADDRESS.matcher(host).matches() || name.equalsIgnoreCase(bind);
  }

  @FormatMethod
  private static void say(HttpExchange exchange, int status, String text, Object... arguments)
      throws IOException {
    byte[] content = (String.format(text, arguments) + "\n").getBytes(StandardCharsets.UTF_8);
    send(exchange, status, "text/plain; charset=utf-8", content);
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] content)
      throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", type);
    headers.set("Content-Security-Policy", Page.policy() + "; frame-ancestors 'none'");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cache-Control", "no-store");
    exchange.sendResponseHeaders(status, content.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(content);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdown();
  }
}
