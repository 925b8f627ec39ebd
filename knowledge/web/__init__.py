"""The web: pages, files and feeds by their address, with no request to anywhere but the public internet.

addresses: which hosts may be asked at all · fetching: one address → bytes, within limits · courtesy: robots.txt and pace ·
contents: what a response is, and which loader reads it · feeds: RSS and Atom · visits: what is remembered of all that ·
intake: addresses → documents in the store.
"""
