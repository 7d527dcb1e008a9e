#!/bin/sh
# Writes create_node.tf: two native nodes. In a cluster of TKE from create_node.template, with these variables:
#   REGION CLUSTER_ID SUBNET_ID SECURITY_GROUP_ID INSTANCE_TYPE
# In the lab, where LAB_SOCKET is the socket that makes nodes, from what stands below instead.
set -eu
cd "$(dirname "$0")"

if [ -n "${LAB_SOCKET:-}" ]; then
  cat > create_node.tf <<'END'
# Two native nodes of the lab. The commands run where terraform runs; a node's name is kept beside this file.
variable "socket" {
  type = string
}

resource "terraform_data" "nodes" {
  for_each = toset(["a", "b"])
  input    = { socket = var.socket, file = "${path.module}/node-${each.key}" }

  provisioner "local-exec" {
    command = "curl --silent --show-error --fail-with-body --unix-socket '${self.input.socket}' --data '{\"action\":\"add-native\"}' http://lab/ | sed 's/.*\"node\":\"\\([^\"]*\\)\".*/\\1/' > '${self.input.file}' && test -s '${self.input.file}'"
  }

  provisioner "local-exec" {
    when    = destroy
    command = "curl --silent --show-error --fail-with-body --unix-socket '${self.input.socket}' --data \"{\\\"action\\\":\\\"remove\\\",\\\"node\\\":\\\"$(cat '${self.input.file}')\\\"}\" http://lab/ && rm -f '${self.input.file}'"
  }
}
END
  printf 'socket = "%s"\n' "$LAB_SOCKET" > terraform.tfvars
else
  for name in REGION CLUSTER_ID SUBNET_ID SECURITY_GROUP_ID INSTANCE_TYPE; do
    eval "value=\${$name:-}"
    if [ -z "$value" ]; then
      echo "create_node_tf.sh: $name is not set; expected REGION, CLUSTER_ID, SUBNET_ID, SECURITY_GROUP_ID and INSTANCE_TYPE, e.g. REGION=ap-guangzhou CLUSTER_ID=cls-xxxxxxxx SUBNET_ID=subnet-xxxxxxxx SECURITY_GROUP_ID=sg-xxxxxxxx INSTANCE_TYPE=SA5.LARGE8" >&2
      exit 1
    fi
  done
  sed -e "s|\"REGION\"|\"$REGION\"|" -e "s|\"CLUSTER_ID\"|\"$CLUSTER_ID\"|" -e "s|\"SUBNET_ID\"|\"$SUBNET_ID\"|" \
    -e "s|\"SECURITY_GROUP_ID\"|\"$SECURITY_GROUP_ID\"|" -e "s|\"INSTANCE_TYPE\"|\"$INSTANCE_TYPE\"|" \
    create_node.template > create_node.tf
fi
terraform init -input=false
