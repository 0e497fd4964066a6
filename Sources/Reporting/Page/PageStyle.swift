// The style sheet of a page: one literal, without an address in it. Light and dark by the reader's choice, A4 in print.
//
// Nothing is told by colour alone: walks are round and scans are square, what failed has a ring, and shades are told
// apart in grey.

/// The style sheet.
enum PageStyle {
    static let sheet: StaticString = """

        :root{color-scheme:light dark;--bg:#fff;--ink:#1b1f24;--muted:#57606a;--line:#d5dbe1;--panel:#f5f7f9;
        --walk:#0b4f8f;--scan:#b8590a;--band:#cfe0f3;--fore:#5f8fc4;--bad:#b3261e;--good:#1a7f37;
        --s0:#eef3f9;--s1:#cbdcef;--s2:#94b6dc;--s3:#4a7fb8;--s4:#173f6d;--t0:#1b1f24;--t1:#fff}
        @media (prefers-color-scheme:dark){:root{--bg:#0d1117;--ink:#e6edf3;--muted:#9aa4af;--line:#30363d;
        --panel:#161b22;--walk:#7db7f5;--scan:#f0a35e;--band:#203a5c;--fore:#4f83bd;--bad:#ff8a80;--good:#56d364;
        --s0:#b9cbe0;--s1:#8fafd3;--s2:#6089ba;--s3:#34608f;--s4:#1a3454;--t0:#0d1117;--t1:#fff}}
        @media print{:root{color-scheme:light;--bg:#fff;--ink:#000;--muted:#444;--line:#bbb;--panel:#f2f2f2;
        --walk:#0b4f8f;--scan:#b8590a;--band:#cfe0f3;--fore:#5f8fc4;--bad:#b3261e;--good:#1a7f37;
        --s0:#eef3f9;--s1:#cbdcef;--s2:#94b6dc;--s3:#4a7fb8;--s4:#173f6d;--t0:#000;--t1:#fff}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:72rem;background:var(--bg);color:var(--ink);
        font:16px/1.5 system-ui,"Liberation Sans","DejaVu Sans",Arial,sans-serif;overflow-wrap:anywhere}
        h1{font-size:1.6rem;line-height:1.25;margin:0}
        h2{font-size:1.2rem;margin:2.6rem 0 .3rem;padding-top:.8rem;border-top:1px solid var(--line)}
        h3{font-size:1rem;margin:1.2rem 0 .2rem}
        p{margin:.3rem 0 .6rem;max-width:60rem}
        .muted,figcaption{color:var(--muted);font-size:.875rem}
        .verdict{border:1px solid var(--line);border-left:.5rem solid var(--bad);border-radius:.4rem;
        padding:1rem 1.2rem;margin:.6rem 0 1rem;background:var(--panel);break-inside:avoid}
        .verdict.ready{border-left-color:var(--good)}
        .verdict p{margin:.4rem 0 0}
        .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.6rem;margin:1rem 0 0;padding:0}
        .facts div{border:1px solid var(--line);border-radius:.4rem;padding:.5rem .8rem;break-inside:avoid}
        .facts dt{color:var(--muted);font-size:.8rem}
        .facts dd{margin:0;font-size:1.15rem;font-weight:600;font-variant-numeric:tabular-nums}
        .facts small{display:block;font-weight:400;font-size:.8rem;color:var(--muted)}
        figure{margin:.8rem 0 1rem;break-inside:avoid}
        .unit{color:var(--muted);font-size:.8rem;margin:.8rem 0 .2rem}
        .plot{display:flex;padding-right:1rem}
        .plot .axis{flex:none}
        .plot .area{flex:1 1 0;min-width:0;width:100%}
        svg{display:block;overflow:visible}
        svg text{font:12px system-ui,"Liberation Sans","DejaVu Sans",Arial,sans-serif;fill:var(--muted);
        font-variant-numeric:tabular-nums}
        .grid{stroke:var(--line);stroke-width:1}
        .base{stroke:var(--muted);stroke-width:1}
        .inner path{vector-effect:non-scaling-stroke;fill:none}
        .inner .band,.key .band{fill:var(--band);stroke:none}
        .m9{--m:9px}.m6{--m:6px}.m4{--m:4px}
        .fore{stroke:var(--fore);stroke-width:2px}
        .walk{stroke:var(--walk);stroke-linecap:round;stroke-width:var(--m)}
        .scan{stroke:var(--scan);stroke-linecap:square;stroke-width:calc(var(--m)*.8)}
        .range{stroke:var(--muted);stroke-width:1.5px}
        .median{stroke:var(--muted);stroke-linecap:square;stroke-width:calc(var(--m)*.8)}
        .ring{stroke:var(--bad);stroke-linecap:round;stroke-width:calc(var(--m)*1.9)}
        .gap{stroke:var(--bg);stroke-linecap:round;stroke-width:calc(var(--m)*1.45)}
        .runs{stroke:var(--bg);stroke-linecap:round;stroke-width:calc(var(--m)*.45)}
        .stem{stroke:var(--walk);stroke-width:calc(var(--m)*.25)}
        .top{stroke:var(--walk);stroke-linecap:round;stroke-width:calc(var(--m)*.75)}
        .none{stroke:var(--muted);stroke-width:2px}
        .key{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.2rem 0 0;padding:0;list-style:none;font-size:.8rem;
        color:var(--muted)}
        .key li{display:flex;align-items:center;gap:.4rem}
        .map svg svg{overflow:hidden}
        .map .edge{fill:none;stroke:var(--bg);stroke-width:2}
        .s0{fill:var(--s0)}.s1{fill:var(--s1)}.s2{fill:var(--s2)}.s3{fill:var(--s3)}.s4{fill:var(--s4)}
        .map .d{fill:var(--t0)}.map .l{fill:var(--t1)}.map .b{font-weight:600}
        .key .s{stroke:var(--line)}
        .scroll{overflow:auto;max-height:24rem;border:1px solid var(--line);border-radius:.4rem;margin:.6rem 0 0}
        .scroll:focus-visible{outline:2px solid var(--fore)}
        table{border-collapse:collapse;width:100%;font-size:.85rem;font-variant-numeric:tabular-nums}
        th,td{padding:.3rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
        th,td{overflow-wrap:normal}bdi{overflow-wrap:anywhere}time{white-space:nowrap}
        tbody tr:last-child>*{border-bottom:0}
        thead th{position:sticky;top:0;background:var(--panel);white-space:nowrap;vertical-align:bottom}
        tbody th{font-weight:600}
        .n{text-align:right;white-space:nowrap}
        .k{white-space:nowrap}
        .bad{color:var(--bad);font-weight:600}
        .facts .bad{font-weight:600}
        .path{min-width:11rem;width:34%}.words{min-width:11rem;overflow-wrap:anywhere}
        .narrow{display:none}
        footer{margin-top:3rem;color:var(--muted);font-size:.8rem}
        @media (max-width:40rem){.narrow{display:block}.wide{display:none}h1{font-size:1.3rem}
        body{padding:1rem .75rem 2rem}.facts{grid-template-columns:repeat(auto-fit,minmax(8rem,1fr))}
        .path{min-width:7.5rem}.words{min-width:8rem}.m9{--m:5.5px}.m6{--m:4px}.m4{--m:2.5px}.facts dd{font-size:1rem}svg text.wide{display:none}.plot{padding-right:.5rem}}
        @page{size:A4;margin:13mm}
        @media print{*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
        body{padding:0;max-width:none;font-size:11pt}h1{font-size:16pt}
        .m9{--m:8px}.m6{--m:5px}.m4{--m:3px}.wide{display:block}svg text.wide{display:inline}.narrow{display:none}
        h2{break-after:avoid}h3{break-after:avoid}.page{break-before:page}.keep{break-inside:avoid}
        .scroll{max-height:none;overflow:visible;border:0}table{font-size:8pt}th,td{padding:.15rem .3rem}
        thead{display:table-header-group}thead th{position:static}tr{break-inside:avoid}}

        """
}
