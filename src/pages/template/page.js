/* Makes the page respond: charts by ECharts, molecules by 3Dmol.js, tables
 * that sort and filter. Without any of it the page stands as it is. */
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var DASHES = ["solid", [8, 4], [3, 3], [10, 3, 3, 3], [14, 4], [5, 2],
                "solid", [6, 4]];
  var MARKS = ["circle", "rect", "triangle", "diamond", "pin", "arrow",
               "circle", "rect"];
  var SUPER = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
  var open = [];

  function color(name) {
    return getComputedStyle(document.documentElement)
      .getPropertyValue("--" + name).trim();
  }

  function escaped(text) {
    var box = document.createElement("span");
    box.textContent = text;
    return box.innerHTML;
  }

  function power(value) {
    var exponent = Math.round(Math.log10(value));
    if (Math.abs(exponent) < 4) {
      return String(Number(Math.pow(10, exponent).toPrecision(3)));
    }
    return "10" + (exponent < 0 ? "\u207b" : "") +
      String(Math.abs(exponent)).split("").map(function (digit) {
        return SUPER[Number(digit)];
      }).join("");
  }

  function shown(value) {
    if (value === null) { return "n/a"; }
    var size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e6)
      ? value.toExponential(3) : String(Number(value.toPrecision(9)));
  }

  function pairs(chart, series, values) {
    return series.x.map(function (x, k) {
      var y = values[k];
      return [x, y !== null && chart.log_y ? Math.max(y, chart.floor) : y];
    });
  }

  /* A band is a polygon: there and back again. */
  function band(chart, series, style) {
    var high = pairs(chart, series, series.high);
    var low = pairs(chart, series, series.low).reverse();
    return {
      type: "custom", name: "band", silent: true, z: 1,
      tooltip: {show: false}, data: [[series.x[0], high.length ? high[0][1] : 0]],
      renderItem: function (params, api) {
        if (params.dataIndex !== 0) { return null; }
        return {
          type: "polygon", silent: true,
          shape: {points: high.concat(low).filter(function (point) {
            return point[1] !== null;
          }).map(function (point) { return api.coord(point); })},
          style: {fill: style, opacity: 0.2}
        };
      },
      clip: true
    };
  }

  function axis(chart, which, label) {
    var log = chart["log_" + which];
    var result = {
      type: log ? "log" : "value", name: label, nameLocation: "middle",
      nameGap: which === "x" ? 30 : 58, scale: true,
      nameTextStyle: {color: color("ink"), fontSize: 13},
      axisLabel: {color: color("ink"), fontSize: 12, hideOverlap: true,
                  formatter: function (value) {
                    return log ? power(value)
                      : String(Number(value.toPrecision(8)))
                        .replace("-", "\u2212");
                  }},
      axisLine: {show: which === "x", onZero: false,
                 lineStyle: {color: color("soft")}},
      splitLine: {show: which === "y", lineStyle: {color: color("grid")}},
      minorSplitLine: {show: false}
    };
    return result;
  }

  /* The limits that the drawing without scripts has. */
  function limits(chart, option) {
    ["x", "y"].forEach(function (which) {
      var place = chart[which + "_axis"];
      var target = option[which + "Axis"];
      var log = chart["log_" + which];
      target.min = log ? Math.pow(10, place[0]) : place[0];
      target.max = log ? Math.pow(10, place[1]) : place[1];
      if (!log && which === "y") {
        target.interval = place[2];
      }
    });
    if (!chart.log_x) {
      option.xAxis.axisLabel.showMinLabel = false;
      option.xAxis.axisLabel.showMaxLabel = false;
    }
  }

  function tooltip(chart) {
    return function (items) {
      var list = Array.isArray(items) ? items : [items];
      var text = "";
      list.forEach(function (item) {
        var series = chart.series[item.seriesId && Number(item.seriesId.slice(1))];
        if (!series) { return; }
        var k = item.dataIndex;
        if (!text) {
          text = escaped(chart.x_label) + ": " + shown(series.x[k]);
        }
        text += "<br>" + item.marker + escaped(series.name.split(" (")[0]) +
          ": <b>" + shown(series.y[k]) + "</b>";
        if (series.low) {
          text += " (" + shown(series.low[k]) + " \u2013 " +
            shown(series.high[k]) + ")";
        }
      });
      return text + "<br>" + escaped(chart.y_label);
    };
  }

  function optionOf(chart) {
    var series = [];
    chart.series.forEach(function (one, k) {
      var style = color("c" + one.style);
      if (one.low) { series.push(band(chart, one, style)); }
      series.push({
        type: "line", id: "s" + k, name: one.name, z: 3,
        data: pairs(chart, one, one.y),
        symbol: one.plain ? "none" : MARKS[one.style], symbolSize: 7,
        showAllSymbol: one.x.length <= 30, showSymbol: one.x.length <= 60,
        itemStyle: {color: style},
        lineStyle: {color: style, width: 2, type: DASHES[one.style]},
        markArea: k === 0 && chart.band ? {
          silent: true, itemStyle: {color: color("band"), opacity: 0.1},
          data: [[{yAxis: chart.log_y ? chart.floor : chart.band[0]},
                  {yAxis: chart.band[1]}]]
        } : undefined,
        markLine: k === 0 && chart.band ? {
          silent: true, symbol: "none", label: {show: false},
          lineStyle: {color: color("band"), width: 1.2, type: [2, 3]},
          data: [{yAxis: chart.band[1]}]
        } : undefined
      });
    });
    var option = {
      animation: false, aria: {enabled: false},
      backgroundColor: "transparent",
      textStyle: {fontFamily: "system-ui, sans-serif"},
      grid: {left: 78, right: 22, top: 14, bottom: 50},
      tooltip: {trigger: "axis", confine: true, formatter: tooltip(chart),
                backgroundColor: color("paper"), borderColor: color("edge"),
                textStyle: {color: color("ink"), fontSize: 12},
                extraCssText: "white-space: normal; max-width: 26rem"},
      xAxis: axis(chart, "x", chart.x_label),
      yAxis: axis(chart, "y", chart.y_label),
      dataZoom: [{type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl"}],
      series: series
    };
    limits(chart, option);
    return option;
  }

  function draw(figure, chart) {
    var box = figure.querySelector(".live");
    var live;
    figure.classList.add("on");
    var old = window.echarts.getInstanceByDom(box);
    if (old) { old.dispose(); }
    open = open.filter(function (one) { return one.figure !== figure; });
    try {
      live = window.echarts.init(box, null, {renderer: "svg"});
      live.setOption(optionOf(chart));
    } catch (error) {
      /* the drawing that stands still is better than none */
      figure.classList.remove("on");
      if (live) { live.dispose(); }
      window.console.error(error);
      return;
    }
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", chart.title +
      ": chart; the numbers are in the table below");
    open.push({figure: figure, chart: chart, live: live});
  }

  function startCharts() {
    if (!window.echarts) { return; }
    var figures = document.querySelectorAll("figure[data-chart]");
    var watch = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) {
          watch.unobserve(entry.target);
          draw(entry.target, data.charts[Number(entry.target.dataset.chart)]);
        }
      });
    }, {rootMargin: "300px"});
    figures.forEach(function (figure) { watch.observe(figure); });
    window.matchMedia("(prefers-color-scheme: dark)")
      .addEventListener("change", function () {
        open.slice().forEach(function (one) { draw(one.figure, one.chart); });
      });
    window.addEventListener("resize", function () {
      open.forEach(function (one) {
        one.live.resize();
      });
    });
    startChoice();
  }

  function swatch(kind, path) {
    var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    var line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 36 14");
    svg.setAttribute("width", "36");
    svg.setAttribute("height", "14");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("class", kind);
    line.setAttribute("d", path);
    svg.appendChild(line);
    return svg;
  }

  function legendOf(chart) {
    var list = document.createElement("ul");
    list.className = "legend";
    function add(name, mark) {
      var item = document.createElement("li");
      item.appendChild(mark);
      item.appendChild(document.createTextNode(name));
      list.appendChild(item);
    }
    chart.series.forEach(function (series) {
      add(series.name, swatch("line s" + series.style, "M0 7H36"));
    });
    if (chart.band) {
      add(chart.band_name, swatch("accurate", "M0 0H36V14H0z"));
    }
    return list;
  }

  function startChoice() {
    var choose = document.getElementById("choose-chart");
    if (!choose) { return; }
    var figure = document.getElementById("chosen-chart");
    function change() {
      var chart = data.choices[Number(choose.value)];
      figure.querySelector("figcaption").textContent = chart.title;
      figure.querySelector(".legend").replaceWith(legendOf(chart));
      draw(figure, chart);
    }
    choose.addEventListener("change", change);
    choose.closest(".choice").hidden = false;
    change();
  }

  /* ---- molecules ---- */

  function hasWebgl() {
    try {
      var canvas = document.createElement("canvas");
      return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
    } catch (error) {
      return false;
    }
  }

  /* 3Dmol.js shows some ten angstrom at least: small molecules go nearer. */
  function nearness(xyz) {
    var places = xyz.trim().split("\n").slice(2).map(function (line) {
      return line.trim().split(/\s+/).slice(1).map(Number);
    });
    var longest = 0;
    places.forEach(function (a) {
      places.forEach(function (b) {
        longest = Math.max(longest,
                           Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
      });
    });
    return Math.max(0.9, 7 / (longest + 1.5));
  }

  function startViewer(choose) {
    var viewer = window.$3Dmol.createViewer(
      document.getElementById("viewer"), {backgroundColor: color("card")});
    function change() {
      var solid = data.solids[Number(choose.value)];
      viewer.clear();
      viewer.addModel(solid.xyz, "xyz");
      viewer.setStyle({}, {stick: {radius: 0.12}, sphere: {scale: 0.28}});
      viewer.setBackgroundColor(color("card"));
      viewer.zoomTo();
      viewer.zoom(nearness(solid.xyz));
      viewer.rotate(20, "x");
      viewer.rotate(65, "y");
      viewer.render();
    }
    [["turn-left", -20, "y"], ["turn-right", 20, "y"], ["turn-up", -20, "x"]]
      .forEach(function (turn) {
        document.getElementById(turn[0]).addEventListener("click", function () {
          viewer.rotate(turn[1], turn[2]);
          viewer.render();
        });
      });
    choose.addEventListener("change", change);
    window.matchMedia("(prefers-color-scheme: dark)")
      .addEventListener("change", change);
    change();
  }

  /* WebGL takes its time, and is not wanted by those who do not look. */
  function startMolecules() {
    var choose = document.getElementById("choose-molecule");
    if (!choose || !window.$3Dmol || !window.WebGLRenderingContext) { return; }
    var box = choose.closest(".solid");
    box.hidden = false;
    new IntersectionObserver(function (entries, watch) {
      if (entries[0].isIntersecting) {
        watch.disconnect();
        if (hasWebgl()) { startViewer(choose); } else { box.hidden = true; }
      }
    }, {rootMargin: "200px"}).observe(box);
  }

  /* ---- tables ---- */

  function valueOf(row, column) {
    var text = row.cells[column] ? row.cells[column].textContent.trim() : "";
    var number = parseFloat(text.replace("\u2212", "-"));
    return isNaN(number) ? text.toLowerCase() : number;
  }

  function compare(a, b) {
    if (typeof a !== typeof b) { return typeof a === "number" ? -1 : 1; }
    return a < b ? -1 : a > b ? 1 : 0;
  }

  function startSorting(table) {
    var body = table.tBodies[0];
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, k) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var up = head.getAttribute("aria-sort") !== "ascending";
        Array.prototype.forEach.call(table.tHead.rows[0].cells, function (other) {
          other.removeAttribute("aria-sort");
        });
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        Array.prototype.map.call(body.rows, function (row) {
          return {row: row, value: valueOf(row, k)};
        }).sort(function (a, b) {
          return (up ? 1 : -1) * compare(a.value, b.value);
        }).forEach(function (entry) { body.appendChild(entry.row); });
      });
    });
  }

  function startFilter(table) {
    var field = document.getElementById("filter");
    var count = document.getElementById("filtered");
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    if (rows.length < 8) { return; }
    field.closest(".filter").hidden = false;
    field.addEventListener("input", function () {
      var words = field.value.toLowerCase();
      var left = 0;
      rows.forEach(function (row) {
        row.hidden = words !== "" &&
          row.textContent.toLowerCase().indexOf(words) < 0;
        left += row.hidden ? 0 : 1;
      });
      count.textContent = words === "" ? "" : left + " of " + rows.length;
    });
  }

  var table = document.querySelector("table.sortable");
  if (table) {
    startSorting(table);
    startFilter(table);
  }
  startCharts();
  startMolecules();
})();
