// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.probe;

import io.stoker.base.Division;
import io.stoker.failure.ResourceException;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The curves of a probe as a picture: a panel a distortion, accuracy over its level. */
public final class ProbeChart {
  private static final int WIDTH = 380;
  private static final int HEIGHT = 280;
  private static final int COLUMNS = 3;
  private static final Color LINE = new Color(0xd9, 0x53, 0x19);
  private static final Color PLAIN = new Color(0x99, 0xa3, 0xad);

  private ProbeChart() {}

  /**
   * Draws it.
   *
   * @throws ResourceException if Java finds no font to draw text with
   */
  public static BufferedImage draw(ProbeReport report) {
    List<ProbeReport.Curve> curves = report.curves();
    int columns = Math.min(COLUMNS, curves.size());
    int rows = Division.ceiling(curves.size(), columns);
    BufferedImage picture =
        new BufferedImage(columns * WIDTH, rows * HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    try {
      graphics.setColor(Color.WHITE);
      graphics.fillRect(0, 0, picture.getWidth(), picture.getHeight());
      for (int i = 0; i < curves.size(); i++) {
        Graphics2D panel =
            (Graphics2D) graphics.create(i % columns * WIDTH, i / columns * HEIGHT, WIDTH, HEIGHT);
        chart(curves.get(i), report.plain().accuracy()).paint(panel, WIDTH, HEIGHT);
        panel.dispose();
      }
    } catch (RuntimeException | LinkageError | InternalError e) {
      // What Java throws where there is no font, or no library to draw with it.
      throw new ResourceException(
          "Cannot draw a chart: this machine has no fonts (install fontconfig and"
              + " fonts-dejavu-core, or their like)",
          e);
    } finally {
      graphics.dispose();
    }
    return picture;
  }

  private static XYChart chart(ProbeReport.Curve curve, double plain) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(curve.distortion().label())
            .xAxisTitle(curve.distortion().unit())
            .yAxisTitle("accuracy, %")
            .build();
    chart.getStyler().setYAxisMin(0.0).setYAxisMax(100.0).setLegendVisible(false);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setPlotBorderVisible(false);
    double[] levels =
        curve.measurements().stream().mapToDouble(ProbeReport.Measurement::level).toArray();
    double[] accuracies =
        curve.measurements().stream().mapToDouble(each -> 100 * each.accuracy()).toArray();
    double[] straight = new double[levels.length];
    java.util.Arrays.fill(straight, 100 * plain);
    line(chart.addSeries("plain", levels, straight), PLAIN, 1).setMarker(SeriesMarkers.NONE);
    line(chart.addSeries("distorted", levels, accuracies), LINE, 2).setMarker(SeriesMarkers.CIRCLE);
    return chart;
  }

  private static XYSeries line(XYSeries series, Color color, float width) {
    series.setLineColor(color);
    series.setMarkerColor(color);
    series.setLineStyle(new BasicStroke(width));
    return series;
  }
}
