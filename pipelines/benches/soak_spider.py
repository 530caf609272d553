"""The pages of `soak.rs` crawled by Scrapy, for comparison: same hosts, same order, robots.txt obeyed."""

import resource

import scrapy


class Soak(scrapy.Spider):
    name = "soak"
    custom_settings = {
        "ROBOTSTXT_OBEY": True,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "RANDOMIZE_DOWNLOAD_DELAY": False,
        "RETRY_ENABLED": False,
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
    }
    kept = 0

    async def start(self):
        for page in range(int(self.pages)):
            for host in range(1, int(self.hosts) + 1):
                yield scrapy.Request(f"http://127.0.1.{host}:{self.port}/article/{page}")

    def parse(self, response):
        self.kept += 1

    def closed(self, reason):
        used = resource.getrusage(resource.RUSAGE_SELF)
        stats = self.crawler.stats
        secs = (stats.get_value("finish_time") - stats.get_value("start_time")).total_seconds()
        print(
            f"{self.kept} pages in {secs:.1f} s = {self.kept / secs:.0f}/s, "
            f"{used.ru_utime:.1f} s user, peak {used.ru_maxrss // 1024} MiB"
        )
