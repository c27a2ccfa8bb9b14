// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a page that follows runs. There are two resources, the page and its data; no path of a
 * request is ever one of the filesystem. Everybody who can reach the address can read, so the
 * default is loopback. Pages of other sites cannot read: a request must name this machine as its
 * host, by address or by a name that the server was told, which prevents DNS rebinding.
 */
public final class Dashboard implements AutoCloseable {
  /** The default port. */
  public static final int PORT = 8085;

  private static final Logger LOG = LoggerFactory.getLogger(Dashboard.class);

  /** A host that is an address, with or without a port; no name server has a say in it. */
  private static final Pattern ADDRESS =
      Pattern.compile(
          "(localhost|[0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[[0-9a-f:.]+])(:[0-9]+)?",
          Pattern.CASE_INSENSITIVE);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final LiveView view;
  private final String script;
  private final String bind;
  private final WebServer server;

  private Dashboard(LiveView view, String script, String bind, InetSocketAddress address)
      throws IOException {
    this.view = view;
    this.script = script;
    this.bind = bind;
    this.server = WebServer.start(this::answer, address);
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
    return start(runs::look, Page.SCRIPT, bind, port);
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
    LiveRuns runs = new LiveRuns(List.of(run), hadoop);
    return start(runs::look, Page.SCRIPT, "127.0.0.1", port);
  }

  /**
   * Serves a page of charts and tables.
   *
   * @param view what {@link ChartPage} shows, each time as it is now
   * @param bind the address or name to listen on
   * @param port the port; 0 for a free one
   * @throws InputException if there is no such address
   * @throws ResourceException if the port is taken
   */
  public static Dashboard ofCharts(Supplier<ObjectNode> view, String bind, int port) {
    return start(() -> view.get().put("live", true), ChartPage.SCRIPT, bind, port);
  }

  private static Dashboard start(Supplier<ObjectNode> look, String script, String bind, int port) {
    LiveView view = new LiveView(look);
    Check.input(port >= 0 && port <= 65535, "Invalid port: %d (must be 0 to 65535)", port);
    try {
      InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(bind), port);
      return new Dashboard(view, script, bind, address);
    } catch (UnknownHostException e) {
      throw new InputException("Invalid address to listen on: %s".formatted(bind), e);
    } catch (IOException e) {
      throw new ResourceException(
          String.format(
              Locale.ROOT,
              "Cannot listen on %s:%d: %s (choose another port)",
              bind,
              port,
              e.getMessage()),
          e);
    }
  }

  /** Where the page is. */
  public String url() {
    InetAddress address = server.address().getAddress();
    String host = address.isAnyLocalAddress() ? "127.0.0.1" : address.getHostAddress();
    return String.format(
        Locale.ROOT,
        "http://%s:%d/",
        host.contains(":") ? "[" + host + "]" : host,
        server.address().getPort());
  }

  private WebServer.Answer answer(String host, String path) {
    try {
      if (!isOurs(host)) {
        return secured(
            WebServer.Answer.text(403, "This page answers to its own address only: " + url()));
      }
      return secured(
          switch (path) {
            case "/" -> content("text/html; charset=utf-8", Page.of(view.now(), script));
            case "/data.json" -> content("application/json", JSON.writeValueAsBytes(view.now()));
            default -> WebServer.Answer.text(404, "Nothing here");
          });
    } catch (RuntimeException | JsonProcessingException e) {
      LOG.warn("Cannot show the page: {}", e.getMessage());
      return secured(
          WebServer.Answer.text(503, "Cannot read the data of the page: " + e.getMessage()));
    }
  }

  private static WebServer.Answer content(String type, byte[] content) {
    return new WebServer.Answer(200, Map.of("Content-Type", type), content);
  }

  private WebServer.Answer secured(WebServer.Answer answer) {
    Map<String, String> headers = new TreeMap<>(answer.headers());
    headers.put("Content-Security-Policy", Page.policy(script) + "; frame-ancestors 'none'");
    headers.put("X-Content-Type-Options", "nosniff");
    headers.put("Referrer-Policy", "no-referrer");
    headers.put("Cache-Control", "no-store");
    return new WebServer.Answer(answer.status(), headers, answer.content());
  }

  private boolean isOurs(String host) {
    String name = host.replaceFirst(":[0-9]+$", "");
    return ADDRESS.matcher(host).matches() || (!name.isEmpty() && name.equalsIgnoreCase(bind));
  }

  @Override
  public void close() {
    server.close();
  }
}
