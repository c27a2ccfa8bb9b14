// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WebServerTest {
  /** More than the buffers of a connection hold. */
  private static final String PAGE = "x".repeat(4_000_000) + "</html>";

  private final List<Socket> slow = new ArrayList<>();

  @AfterEach
  void disconnect() throws IOException {
    for (Socket each : slow) {
      each.close();
    }
  }

  private static WebServer serve(Duration patience) throws IOException {
    return WebServer.start(
        (host, path) -> WebServer.Answer.text(200, PAGE),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        patience);
  }

  private void connect(WebServer server, String text) throws IOException {
    Socket socket = new Socket();
    slow.add(socket);
    socket.setReceiveBufferSize(4096);
    socket.connect(server.address());
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void assertAnswers(WebServer server) throws Exception {
    URI page = URI.create("http://127.0.0.1:" + server.address().getPort() + "/");
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(page).timeout(Duration.ofSeconds(50)).build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).endsWith("</html>\n");
  }

  /** Clients that send half a request keep their connections, and others stop to read answers. */
  @Test
  void answersABrowserWhile200SlowClientsAreConnected() throws Exception {
    List<String> halves =
        List.of(
            "",
            "GE",
            "GET / HTTP/1.1\r\nHost: ",
            "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\nx",
            "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    try (WebServer server = serve(Duration.ofDays(1))) {
      for (int i = 0; i < 200; i++) {
        connect(server, halves.get(i % halves.size()));
      }

      assertAnswers(server);
    }
  }

  @Test
  void dropsTheOldestOfTooManyClients() throws Exception {
    try (WebServer server = serve(Duration.ofDays(1))) {
      for (int i = 0; i < WebServer.MAXIMUM_CONNECTIONS + 20; i++) {
        connect(server, "GET");
      }

      assertAnswers(server);
      assertThat(slow.get(0).getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void dropsAClientThatDoesNotEndItsRequest() throws Exception {
    try (WebServer server = serve(Duration.ofSeconds(1))) {
      connect(server, "GET / HTTP/1.1\r\nX: ");

      assertThat(slow.get(0).getInputStream().read()).isEqualTo(-1);
    }
  }
}
