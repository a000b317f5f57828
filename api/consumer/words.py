"""The words of the consumer's pages, English and Chinese side by side.

They say what a signature proves and no more, and never call an item genuine, name a dealer, or
speak of where it should have been sold.
"""

from collections.abc import Mapping
from types import MappingProxyType

from api.negotiation import Language

_BOTH: dict[str, tuple[str, str]] = {
    # The verdict: a headline, and a sentence under it.
    "signed": (
        "This code was issued by {brand}",
        "此码由{brand}签发",
    ),
    "signed_more": (
        "Its signature is intact. That proves where the code comes from, not that the item in your "
        "hand is the one it was made for.",
        "签名完好。这证明此码的来源，但不能证明您手中的商品就是它原本对应的那一件。",
    ),
    "unsigned": (
        "This code carries no signature",
        "此码没有签名",
    ),
    "unsigned_more": (
        "We cannot tell who made it. Older codes of {brand} may look like this; so may copies.",
        "我们无法判断它由谁制作。{brand}较早的码可能是这样，仿制的码也可能是这样。",
    ),
    "key-revoked": (
        "The key that signed this code was withdrawn",
        "签发此码的密钥已被撤销",
    ),
    "key-revoked_more": (
        "{brand} no longer vouches for every code made with this key. Please ask before you use "
        "the item.",
        "{brand}不再为用该密钥制作的所有码作保。使用前请先咨询。",
    ),
    "forged": (
        "Warning: this code was not issued by {brand} as it stands",
        "警告：此码并非由{brand}按此内容签发",
    ),
    "forged_more": (
        "Its signature does not fit its content. The code was made or changed by somebody else.",
        "签名与内容不符。此码由他人制作，或内容被改动过。",
    ),
    "unknown-key": (
        "Warning: this code was not signed by {brand}",
        "警告：此码不是由{brand}签名的",
    ),
    "unknown-key_more": (
        "It carries a signature made with a key that {brand} does not know.",
        "它带有签名，但所用密钥不属于{brand}。",
    ),
    "not-issued": (
        "Warning: {brand} has no record of issuing this code",
        "警告：{brand}没有签发此码的记录",
    ),
    "not-issued_more": (
        "Its product or serial number is not among those that were issued.",
        "其商品编号或序列号不在已签发之列。",
    ),
    "recalled": (
        "Recalled: please do not use this item",
        "已召回：请勿使用本商品",
    ),
    "recalled_more": (
        "{brand} has called this item back. Keep it aside and ask where to return it.",
        "{brand}已召回本商品。请妥善放置，并咨询退回方式。",
    ),
    "retired": (
        "Warning: this item was taken out of circulation",
        "警告：本商品已退出流通",
    ),
    "retired_more": (
        "According to {brand} the item with this code should no longer be on sale or in use.",
        "根据{brand}的记录，带有此码的商品不应再被销售或使用。",
    ),
    # What the code says.
    "item": ("What the code says", "码上的信息"),
    "product": ("Product", "商品"),
    "gtin": ("Product number", "商品编号"),
    "serial": ("Serial number", "序列号"),
    "lot": ("Lot", "批号"),
    "expires": ("Expiry date", "有效期至"),
    "expired": ("This date has passed.", "此日期已过。"),
    # The queries.
    "queries": ("Queries of this code", "此码的查询记录"),
    "query_first": (
        "This is the first query of this code.",
        "这是此码的首次查询。",
    ),
    "query_nth": (
        "This is query number {number} of this code.",
        "这是此码的第 {number} 次查询。",
    ),
    "query_many": (
        "This code has been queried more than {number} times.",
        "此码已被查询超过 {number} 次。",
    ),
    "query_preview": (
        "This code has been queried {number} times so far.",
        "此码至今已被查询 {number} 次。",
    ),
    "query_none": ("This code has not been queried yet.", "此码尚未被查询过。"),
    "query_since": ("First query: {at}.", "首次查询：{at}。"),
    "query_place": ("First known place: {place}.", "首次已知地点：{place}。"),
    "query_advice": (
        "If you have only just opened the packaging and the code was hidden until then, earlier "
        "queries are a reason to ask.",
        "如果您刚刚打开包装，而此码此前一直被遮盖，那么更早的查询就值得询问。",
    ),
    "preview": (
        "You are looking at the result of somebody’s check made at {at}. To check an item of your "
        "own, scan the code on it.",
        "您看到的是他人于 {at} 查询的结果。要查询您自己的商品，请扫描商品上的码。",
    ),
    # What it means, and what to do.
    "means": ("What this tells you, and what not", "这说明什么，不说明什么"),
    "means_signature": (
        "A signature proves that the brand issued a code. Nobody else can make a new one.",
        "签名证明此码由品牌方签发，他人无法制作新的有效码。",
    ),
    "means_copy": (
        "A printed code can be copied, together with its signature. The number of queries helps to "
        "notice that.",
        "印刷的码可以连同签名一起被复制。查询次数有助于发现这一点。",
    ),
    "doubt": ("If you are in doubt", "如有疑问"),
    "doubt_look": (
        "Compare the numbers above with those on the packaging, and look at the seal.",
        "请将以上编号与包装上的编号核对，并检查封口。",
    ),
    "doubt_keep": (
        "Keep the item, its packaging and the receipt; do not use what looks opened.",
        "请保留商品、包装和购物凭证；看起来被打开过的商品请勿使用。",
    ),
    "doubt_tell": (
        "Tell us below. You get a receipt number.",
        "请在下方告诉我们，您会得到一个受理编号。",
    ),
    # Location.
    "place": ("Share a rough location?", "愿意分享大致位置吗？"),
    "place_why": (
        "{brand} alone receives it, rounded to about a kilometre, to notice copied codes and to "
        "learn where its products turn up. It is kept for {days} days, without your name or number.",
        "位置仅由{brand}接收，精度约一公里，用于发现被复制的码并了解商品出现的地区，保留 {days} 天，"
        "不含您的姓名或号码。",
    ),
    "place_free": (
        "It is up to you: the result above stays the same.",
        "是否分享由您决定，上面的结果不会改变。",
    ),
    "place_yes": ("Share rough location", "分享大致位置"),
    "place_done": ("Thank you. The location was sent.", "谢谢，位置已发送。"),
    "place_refused": ("No location was sent. Nothing changes.", "未发送位置，一切不变。"),
    "place_failed": ("The location could not be sent.", "位置未能发送。"),
    # The report.
    "report": ("Report something odd", "报告可疑情况"),
    "report_message": ("What did you notice?", "您发现了什么？"),
    "report_bought": ("Where and when did you buy it? (optional)", "何时何地购买？（可选）"),
    "report_contact": ("How can we reach you? (optional)", "如何联系您？（可选）"),
    "report_photo": (
        "Photo (optional; JPEG, PNG or WebP, at most 5 MB)",
        "照片（可选；JPEG、PNG 或 WebP，不超过 5 MB）",
    ),
    "report_consent": (
        "I agree that {brand} stores this report with its photo to look into the matter, for at "
        "most {days} days. I can withdraw this with the receipt number.",
        "我同意{brand}为调查此事保存本报告及照片，最长 {days} 天。我可凭受理编号撤回同意。",
    ),
    "report_send": ("Send report", "提交报告"),
    "report_done": ("Your report has arrived", "您的报告已收到"),
    "receipt": ("Receipt number", "受理编号"),
    "receipt_keep": (
        "Please write it down. With it you can ask about your report or have it removed.",
        "请记下此编号。您可凭它查询或要求删除报告。",
    ),
    "back": ("Back to the result", "返回查询结果"),
    # Errors.
    "error": ("This did not work", "操作未成功"),
    "not_found": ("There is no item under this address", "此地址没有对应的商品"),
    "not_found_more": (
        "A code on an item leads to an address with a product number and a serial number. Please "
        "scan the code again. If it was typed, compare it character by character. A code that "
        "cannot be read here may not be one of {brand}’s.",
        "商品上的码对应一个含商品编号和序列号的地址。请重新扫描；如果是手工输入，请逐字核对。"
        "无法在此识别的码可能不是{brand}的码。",
    ),
    "visit_gone": ("This result is no longer kept", "此结果已不再保留"),
    "visit_gone_more": ("Please scan the code on the item.", "请扫描商品上的码。"),
    "busy": ("We could not note your query", "未能记录您的查询"),
    "busy_more": (
        "Please scan the code again in a minute.",
        "请一分钟后重新扫描。",
    ),
    "privacy": (
        "This page sets one cookie that ends after 30 minutes, so that reloading is not counted "
        "twice. No other site is asked for anything.",
        "本页仅使用一个 30 分钟后失效的 Cookie，以免重复计数；不会访问任何其他网站。",
    ),
}

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "en": MappingProxyType({key: en for key, (en, _) in _BOTH.items()}),
        "zh": MappingProxyType({key: zh for key, (_, zh) in _BOTH.items()}),
    }
)



class Wording:
    """The words of one language; ``brand`` and the retention periods are always at hand."""

    def __init__(self, language: Language, **always: object) -> None:
        self.language = language
        self._texts = WORDS[language]
        self._always = always

    def __call__(self, key: str, **values: object) -> str:
        """The text under ``key`` with its places filled."""
        return self._texts[key].format(**self._always, **values)
