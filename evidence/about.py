"""What a bundle proves and what it does not, in plain English and Chinese; its ``README.txt``."""

PROVEN_EN = (
    ("Each entry in entries/ stood in the log at its number, unchanged, when the log's key signed "
    "the checkpoint."),
    "The order of the entries: each one holds its number and the hash of the one before it.",
    ("Each file in attachments/, each event in events/ and each value in disclosures.json is the "
    "one whose hash or commitment was logged."),
    ("Existence by a time: an entry existed by the time at which witnesses or time-stamping "
    "authorities that you trust signed a checkpoint that covers it."),
    "Nothing was added to this bundle or taken from it after its export was logged.",
)
NOT_PROVEN_EN = (
    ("That what was observed is true: a device may have reported a wrong place, a person may have "
    "scanned for another. It is proven what was recorded, not that it was so."),
    "That there was nothing else: other observations may exist and not be part of this bundle.",
    "Times by our own clock, such as received_at, beyond what others signed.",
    ("The report, the map, the policy and the registry's rows beyond this: they are as we exported "
    "them. They explain; the entries and events are the evidence."),
)
PROVEN_ZH = (
    "entries/ 中的每条记录在日志密钥签署检查点时，已在日志的相应序号处，且未被改动。",
    "记录的先后顺序：每条记录都含有自己的序号和前一条记录的哈希值。",
    ("attachments/ 中的每个文件、events/ 中的每个事件和 disclosures.json 中的每个值，"
    "正是当时以哈希或承诺登记的内容。"),
    ("在某一时刻之前已经存在：您所信任的见证方或时间戳机构签署了涵盖该记录的检查点，"
    "该记录在其签署时间之前已经存在。"),
    "导出登记之后，本证据包没有增加或减少任何内容。",
)
NOT_PROVEN_ZH = (
    ("所观察到的事实本身为真：设备可能报告了错误的位置，也可能由他人代为扫描。"
    "能够证明的是当时记录了什么，而不是事实必然如此。"),
    "没有其他情况：可能还有其他观察，未包含在本证据包中。",
    "我方时钟给出的时间（例如 received_at），超出他人签署所能证明的部分。",
    "报告、地图、判定规则和登记资料按导出时的样子附上，仅作说明；证据是记录和事件本身。",
)


def _list(lines: tuple[str, ...]) -> str:
    return "".join(f"- {line}\n" for line in lines)


ABOUT = (
    "Tracewarden evidence bundle / Tracewarden 证据包\n\n"
    "report.pdf and report.html tell it in words, with a map and a timeline.\n"
    "report.pdf 和 report.html 以文字、地图和时间线说明。\n\n"
    "WHAT IT PROVES, once verified under keys that you hold from elsewhere\n"
    + _list(PROVEN_EN)
    + "\nWHAT IT DOES NOT PROVE\n"
    + _list(NOT_PROVEN_EN)
    + "\nHOW TO VERIFY\n"
    "keys.txt names the keys that the log used. It proves nothing: take the keys that you trust\n"
    "from another source. Install nothing: open verify.html, taken from there, too,\n"
    "in a browser. Or:  pip install the verifier, then\n"
    "    tracewarden-verify BUNDLE --trust YOUR-KEYS.txt\n"
    "\n经您从别处取得的密钥验证后，本包能够证明\n"
    + _list(PROVEN_ZH)
    + "\n本包不能证明\n"
    + _list(NOT_PROVEN_ZH)
    + "\n如何验证\n"
    "keys.txt 只列出日志使用的密钥，本身不作证明：请从别处取得您信任的密钥。\n"
    "无需安装：用浏览器打开从别处取得的 verify.html 即可；或安装验证程序后运行上面的命令。\n"
)
